/** What the convolution kernels share about where taps fall. @module */

import type * as tf from "@tensorflow/tfjs";

/** Shapes, strides and resolved padding of a convolution, as tfjs computes them. */
export type Geometry = tf.backend_util.Conv2DInfo;

/** The output columns, from the first to before the end, at which filter column `j` falls inside the image. */
export function columnsInside(j: number, { inWidth, outWidth, strideWidth, padInfo }: Geometry): [number, number] {
  const first = Math.min(outWidth, Math.max(0, Math.ceil((padInfo.left - j) / strideWidth)));
  const end = Math.min(outWidth, Math.floor((inWidth - 1 + padInfo.left - j) / strideWidth) + 1);
  return [first, Math.max(first, end)];
}

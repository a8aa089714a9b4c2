/** The input gradient of a convolution as a convolution of dy, which oneDNN computes several times faster than its own
 *  input gradients of filters with many channels. The filter is turned by 180° and its channel axes swapped; at stride s one
 *  convolution gives the gradients of all s·s phases of a cell side by side, with zero taps where a phase meets none.
 *  @module */

import * as tf from "@tensorflow/tfjs";
import type { Padding } from "../engine.ts";
import type { ConvolutionGradient, LayerOperations } from "./layer_operations.ts";
import type { Operations } from "./operations.ts";

/** `layers` with input gradients by convolution where that is possible and pays. */
export function withInputGradients(operations: Operations, layers: LayerOperations): LayerOperations {
  return {
    ...layers,
    convolutionGradients(gradient) {
      const padding = paddingOf(gradient);
      const gradients = layers.convolutionGradients(gradient);
      if (padding === null) return gradients;
      return { ...gradients, x: () => inputGradient(operations, layers, gradient, padding) };
    },
  };
}

/** The gradient of x by `layers.convolution`, with `padding` as {@linkcode paddingOf} gives it. */
export function inputGradient(
  operations: Operations,
  layers: LayerOperations,
  { dy, y, filter, options }: ConvolutionGradient,
  padding: Padding,
): tf.Tensor {
  const { stride, padding: { top, left } } = options;
  const places = [
    operations.integer("stride", stride),
    operations.integer("top", top),
    operations.integer("left", left),
  ];
  return tf.tidy(() => {
    const turned = operations.one("YopoInputFilter", places, [filter]);
    const passed = options.activation === "relu" ? layers.passPositive(dy, y) : dy;
    const cells = layers.convolution(passed, turned, undefined, { stride: 1, padding, activation: "none" });
    if (stride === 1) return cells;
    const block = operations.integer("block_size", stride);
    return operations.one("DepthToSpace", [operations.float32, block, operations.text("data_format", "NHWC")], [cells]);
  });
}

/** Padding of dy; null where the phases do not fill the image, or where most taps would be zero. */
export function paddingOf({ dy, x, filter, options: { stride, padding } }: ConvolutionGradient): Padding | null {
  const rows = axisPadding(filter.shape[0], stride, padding.top, x.shape[1], dy.shape[1]);
  const columns = axisPadding(filter.shape[1], stride, padding.left, x.shape[2], dy.shape[2]);
  if (rows === null || columns === null) return null;
  return { top: rows[0], bottom: rows[1], left: columns[0], right: columns[1] };
}

/** Zeros before and behind dy along one axis. As ops/input_filter.h: a phase's inputs stride·a + phase meet the outputs from
 *  a + shift − taps + 1 to a + shift. */
function axisPadding(
  kernel: number,
  stride: number,
  pad: number,
  input: number,
  output: number,
): [number, number] | null {
  if (kernel < stride || input % stride !== 0) return null;
  const phases = Array.from({ length: stride }, (_, phase) => {
    const first = (phase + pad) % stride;
    const shift = (phase + pad - first) / stride;
    return { least: shift - Math.ceil((kernel - first) / stride) + 1, most: shift };
  });
  const before = -Math.min(...phases.map(({ least }) => least));
  const behind = input / stride - output + Math.max(...phases.map(({ most }) => most));
  return before >= 0 && behind >= 0 ? [before, behind] : null;
}

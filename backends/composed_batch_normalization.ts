/** Training-mode batch normalisation from plain tfjs ops. Ioffe and Szegedy 2015, arXiv:1502.03167. @module */

import * as tf from "@tensorflow/tfjs";
import type { BatchNormalization } from "./engine.ts";

const EXAMPLES_AND_PIXELS = [0, 1, 2];

/** See {@linkcode BatchNormalization}; statistics of the tensor as it is, so for an engine of one worker. */
export function composedBatchNormalization(
  x: tf.Tensor4D,
  scale: tf.Tensor1D,
  offset: tf.Tensor1D,
  epsilon: number,
): BatchNormalization {
  const { mean, variance } = tf.tidy(() => tf.moments(x, EXAMPLES_AND_PIXELS));
  const y = tf.tidy(() => {
    // Computed again here, so that tf.grad sees how they depend on x.
    const centred = tf.sub<tf.Tensor4D>(x, tf.mean(x, EXAMPLES_AND_PIXELS));
    const deviation = tf.sqrt(tf.add(tf.mean(tf.square(centred), EXAMPLES_AND_PIXELS), epsilon));
    return tf.add<tf.Tensor4D>(tf.mul(tf.div(centred, deviation), scale), offset);
  });
  return { y, mean: mean as tf.Tensor1D, variance: variance as tf.Tensor1D };
}

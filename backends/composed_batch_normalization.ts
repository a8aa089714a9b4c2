/** Batch normalisation from plain tfjs ops, in training and evaluation mode. Ioffe and Szegedy 2015, arXiv:1502.03167. @module */

import * as tf from "@tensorflow/tfjs";
import type { Activation, BatchNormalization, NormalizationOptions, RunningStatistics } from "./engine.ts";

const EXAMPLES_AND_PIXELS = [0, 1, 2];

/** See {@linkcode BatchNormalization}; statistics of the tensor as it is, so for an engine of one worker. */
export function composedBatchNormalization(
  x: tf.Tensor4D,
  scale: tf.Tensor1D,
  offset: tf.Tensor1D,
  { epsilon, activation }: NormalizationOptions,
): BatchNormalization {
  const { mean, variance } = tf.tidy(() => tf.moments(x, EXAMPLES_AND_PIXELS));
  const y = tf.tidy(() => {
    // Computed again here, so that tf.grad sees how they depend on x.
    const centred = tf.sub<tf.Tensor4D>(x, tf.mean(x, EXAMPLES_AND_PIXELS));
    const deviation = tf.sqrt(tf.add(tf.mean(tf.square(centred), EXAMPLES_AND_PIXELS), epsilon));
    return activate(tf.add<tf.Tensor4D>(tf.mul(tf.div(centred, deviation), scale), offset), activation);
  });
  return { y, mean: mean as tf.Tensor1D, variance: variance as tf.Tensor1D };
}

/** See `normalization` of the kernel table. */
export function composedNormalization(
  x: tf.Tensor4D,
  scale: tf.Tensor1D,
  offset: tf.Tensor1D,
  { mean, variance }: RunningStatistics,
  { epsilon, activation }: NormalizationOptions,
): tf.Tensor4D {
  return tf.tidy(() => {
    const factor = tf.div(scale, tf.sqrt(tf.add(variance, epsilon)));
    return activate(tf.add<tf.Tensor4D>(tf.mul(tf.sub(x, mean), factor), offset), activation);
  });
}

function activate(y: tf.Tensor4D, activation: Activation): tf.Tensor4D {
  return activation === "relu" ? tf.relu(y) : y;
}

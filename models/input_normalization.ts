/** Normalisation of pixels inside a network whose first layer is a linear convolution, so that attacks work in pixels:
 *  z = (x − mean)/deviation, padded with zeros after it, as where data loaders normalise. @module */

import * as tf from "@tensorflow/tfjs";
import { choice } from "./options.ts";

/** Mean and standard deviation of CIFAR-10's training pixels by channel, in 0..1 (locuslab/fast_adversarial). */
export const CIFAR10 = { mean: [0.4914, 0.4822, 0.4465], deviation: [0.2471, 0.2435, 0.2616] };

/** The row of a model's option table. */
export const normalizeOption = choice(
  ["none", "cifar10"],
  "Pixels as they are, as in YOPO's code, or normalised inside the network by CIFAR-10's mean and deviation",
);

/** @throws {RangeError} When the constants are for another number of channels. */
export function checkNormalize(normalize: string, channels: number, model: string): void {
  if (normalize === "none" || channels === CIFAR10.mean.length) return;
  throw new RangeError(
    `Cannot set option "normalize" of model "${model}" to "${normalize}": it needs images of 3 channels, not ${channels}`,
  );
}

/** Images `[batch, height, width, channels]` as the first convolution takes them. */
export function normalizedInput(x: tf.Tensor4D, normalize: "none" | "cifar10"): tf.Tensor4D {
  return normalize === "none" ? x : tf.div(tf.sub(x, CIFAR10.mean), CIFAR10.deviation);
}

/** The filter `[height, width, in, out]` that acts on pixels with the same gradients; a constant shift is left out. */
export function filterOnPixels(filter: tf.Tensor4D, normalize: "none" | "cifar10"): tf.Tensor4D {
  return normalize === "none" ? filter : tf.div(filter, tf.tensor3d(CIFAR10.deviation, [1, 3, 1]));
}

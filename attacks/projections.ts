/** Projections onto the perturbation balls and the image box. All work image by image and can run inside tf.tidy. @module */

import * as tf from "@tensorflow/tfjs";
import type { ThreatModel } from "./attack.ts";

/** η with every pixel clipped to ±ε. */
export function projectLinf(eta: tf.Tensor4D, epsilon: number): tf.Tensor4D {
  return tf.clipByValue(eta, -epsilon, epsilon);
}

/** L2 norm of each image, `[batch, 1, 1, 1]`. */
export function l2Norms(images: tf.Tensor4D): tf.Tensor4D {
  return tf.tidy(() => tf.sqrt(tf.sum(tf.square(images), [1, 2, 3], true)));
}

/** η scaled down, image by image, to an L2 norm of at most ε. */
export function projectL2(eta: tf.Tensor4D, epsilon: number): tf.Tensor4D {
  return tf.tidy(() => tf.mul(eta, tf.div(epsilon, tf.maximum(l2Norms(eta), epsilon))));
}

/** η projected onto the ball of the threat model; the box is {@linkcode projectBox}'s. */
export function projectBall(eta: tf.Tensor4D, { norm, epsilon }: ThreatModel): tf.Tensor4D {
  return norm === "linf" ? projectLinf(eta, epsilon) : projectL2(eta, epsilon);
}

/** η moved so that x + η lies in 0..1. No |η| grows, since x itself lies in 0..1, so the ball is not left. */
export function projectBox(x: tf.Tensor4D, eta: tf.Tensor4D): tf.Tensor4D {
  return tf.tidy(() => tf.sub(tf.clipByValue(tf.add(x, eta), 0, 1), x));
}

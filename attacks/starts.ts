/** Start perturbations η. Every image has a stream of its own, so a start does not depend on the batch around it. @module */

import * as tf from "@tensorflow/tfjs";
import type { RandomStream } from "../random/random.ts";
import type { ThreatModel } from "./attack.ts";
import { projectBox } from "./projections.ts";

/**
 * η uniform in the ball, not clipped to the image box: U(-ε, ε) per pixel for L∞; for L2 a uniform direction times
 * ε·u^(1/pixels), the radius's distribution in a uniformly filled ball.
 *
 * @param shape `[batch, height, width, channels]`.
 * @param ids Source index of each image, `[batch]`.
 * @param draw Opens the stream of one image.
 */
export function uniformStart(
  threat: ThreatModel,
  shape: readonly [number, number, number, number],
  ids: Uint32Array,
  draw: (id: number) => RandomStream,
): tf.Tensor4D {
  const pixels = shape[1] * shape[2] * shape[3];
  const values = new Float32Array(shape[0] * pixels);
  ids.forEach((id, i) => fillUniform(values.subarray(i * pixels, (i + 1) * pixels), threat, draw(id)));
  return tf.tensor4d(values, [...shape]);
}

/** Fills one image's η, `[pixels]`, as {@linkcode uniformStart} does. */
export function fillUniform(image: Float32Array, { norm, epsilon }: ThreatModel, stream: RandomStream): void {
  if (norm === "linf") {
    for (let i = 0; i < image.length; i++) image[i] = stream.uniform(-epsilon, epsilon);
    return;
  }
  let squares = 0;
  for (let i = 0; i < image.length; i++) {
    const value = stream.normal();
    image[i] = value;
    squares += value * value;
  }
  const scale = epsilon * stream.uniform() ** (1 / image.length) / Math.sqrt(squares);
  for (let i = 0; i < image.length; i++) image[i]! *= scale;
}

/** η = 0, shaped like x. */
export function zeroStart(x: tf.Tensor4D): tf.Tensor4D {
  return tf.zerosLike(x);
}

/** η with x + η clipped to 0..1. */
export function clipStart(x: tf.Tensor4D, eta: tf.Tensor4D): tf.Tensor4D {
  return projectBox(x, eta);
}

/** What attacks maximise: one number per image, from logits and labels. @module */

import * as tf from "@tensorflow/tfjs";
import { choice } from "../models/options.ts";
import type { Classifier } from "./attack.ts";

export type AttackLoss = "cross-entropy" | "margin";

/** The row of option tables that names the loss. */
export const lossOption = choice(["cross-entropy", "margin"], "What the attack maximises for each image");

/** Below every logit that a float32 network gives, and finite, so that products with 0 stay 0. */
const MASK = -1e30;

/**
 * Loss of each image, `[batch]`, differentiable in the logits.
 *
 * @param logits `[batch, classes]`.
 * @param labels int32 `[batch]`.
 */
export function lossPerImage(
  loss: AttackLoss,
  model: Classifier,
  logits: tf.Tensor2D,
  labels: tf.Tensor1D,
): tf.Tensor1D {
  return loss === "margin" ? margin(logits, labels, model.classes) : model.kernels.crossEntropy(logits, labels);
}

/** Largest other logit minus the label's logit (Carlini and Wagner 2017, f6 without its clamp): above 0 is fooled. */
export function margin(logits: tf.Tensor2D, labels: tf.Tensor1D, classes: number): tf.Tensor1D {
  return tf.tidy(() => {
    const isLabel = tf.cast(tf.oneHot(labels, classes), "float32");
    const other = tf.max(tf.add(logits, tf.mul(isLabel, MASK)), 1);
    return tf.sub(other, tf.sum(tf.mul(logits, isLabel), 1));
  });
}

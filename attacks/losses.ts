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

/** Small numbers that keep a difference of logits from dividing by zero, as in the public AutoAttack code. */
const DLR_TINY = 1e-12;

/**
 * Difference of logits ratio, `[batch]`: −(z_y − max of the others)/(z₍₁₎ − z₍₃₎ + 1e-12), z₍ᵢ₎ the i-th largest. Croce and
 * Hein 2020, arXiv:2003.01690, section 4.1.
 *
 * @throws {RangeError} With fewer than 3 classes.
 */
export function dlr(logits: tf.Tensor2D, labels: tf.Tensor1D, classes: number): tf.Tensor1D {
  checkClasses(classes, 3, "the DLR loss");
  return ratioLoss(logits, (values) => {
    const [first, second, third] = largest(values, 3, classes) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
    const label = oneHot(labels, classes);
    const isFirst = tf.sum(tf.mul(first, label), 1, true);
    const other = tf.add(tf.mul(second, isFirst), tf.mul(first, tf.sub(1, isFirst)));
    return [tf.sub(other, label), tf.sub(first, third)];
  });
}

/**
 * Targeted difference of logits ratio, `[batch]`: −(z_y − z_t)/(z₍₁₎ − (z₍₃₎ + z₍₄₎)/2 + 1e-12). Croce and Hein 2020, appendix.
 *
 * @param targets int32 target classes `[batch]`.
 * @throws {RangeError} With fewer than 4 classes.
 */
export function dlrTargeted(
  logits: tf.Tensor2D,
  labels: tf.Tensor1D,
  targets: tf.Tensor1D,
  classes: number,
): tf.Tensor1D {
  checkClasses(classes, 4, "the targeted DLR loss");
  return ratioLoss(logits, (values) => {
    const [first, , third, fourth] = largest(values, 4, classes) as [
      tf.Tensor2D,
      tf.Tensor2D,
      tf.Tensor2D,
      tf.Tensor2D,
    ];
    const numerator = tf.sub(oneHot(targets, classes), oneHot(labels, classes));
    return [numerator, tf.sub(first, tf.mul(tf.add(third, fourth), 0.5))];
  });
}

/** z_t − z_y, `[batch]`: positive where the target has overtaken the label. */
export function logitDifference(
  logits: tf.Tensor2D,
  labels: tf.Tensor1D,
  targets: tf.Tensor1D,
  classes: number,
): tf.Tensor1D {
  return tf.tidy(() => tf.sum(tf.mul(logits, tf.sub(oneHot(targets, classes), oneHot(labels, classes))), 1));
}

/** @throws {RangeError} With fewer than `least` classes. */
export function checkClasses(classes: number, least: number, what: string): void {
  if (classes < least) throw new RangeError(`Cannot use ${what} with ${classes} classes: it needs at least ${least}`);
}

function oneHot(indices: tf.Tensor1D, classes: number): tf.Tensor2D {
  return tf.cast(tf.oneHot(indices, classes), "float32") as tf.Tensor2D;
}

/** One-hot rows of the k largest logits of each image, from the largest on. */
function largest(logits: tf.Tensor2D, k: number, classes: number): tf.Tensor2D[] {
  const { indices } = tf.topk(logits, k, true);
  return tf.unstack(indices, 1).map((index) => oneHot(tf.cast(index, "int32") as tf.Tensor1D, classes));
}

/** Σa·z / (Σb·z + 1e-12) of each row, where the constant weights a and b follow from the logits; the order of logits has no
 *  gradient, so it is written down here: (a − loss·b)/(Σb·z + 1e-12). */
function ratioLoss(logits: tf.Tensor2D, weights: (logits: tf.Tensor2D) => [tf.Tensor, tf.Tensor]): tf.Tensor1D {
  const custom = tf.customGrad((z, save) => {
    const [a, b] = weights(z as tf.Tensor2D);
    const denominator = tf.add(tf.sum(tf.mul(b, z as tf.Tensor), 1, true), DLR_TINY);
    const loss = tf.div(tf.sum(tf.mul(a, z as tf.Tensor), 1, true), denominator);
    (save as tf.GradSaveFunc)([tf.div(tf.sub(a, tf.mul(loss, b)), denominator)]);
    return {
      value: tf.squeeze(loss, [1]) as tf.Tensor1D,
      gradFunc: (dy, saved) => tf.mul(tf.expandDims(dy as tf.Tensor1D, 1), saved[0]!),
    };
  });
  return custom(logits) as tf.Tensor1D;
}

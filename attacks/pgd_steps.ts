/** The steps of projected gradient ascent: Madry et al. 2018, arXiv:1706.06083, section 2.1, with the sign for L∞ and the
 *  normalised gradient for L2. η = x' − x, α = stepSize. The gradient is that of the sum of the images' losses, so no
 *  image's path depends on the others. @module */

import * as tf from "@tensorflow/tfjs";
import type { AttackBatch, Classifier, ThreatModel } from "./attack.ts";
import { type AttackLoss, lossPerImage } from "./losses.ts";
import { l2Norms, projectBall, projectBox } from "./projections.ts";

/** How the steps are taken. */
export interface PgdStepOptions {
  readonly threat: ThreatModel;
  /** α in pixel values: the move of each pixel (L∞) or of each image's norm (L2). */
  readonly stepSize: number;
  readonly steps: number;
  readonly loss: AttackLoss;
  /** Whether images that are misclassified already are moved no further. @default {false} */
  readonly freezeFooled?: boolean;
}

/** Keeps the direction of an all-zero gradient defined. */
const TINY = 1e-10;

/**
 * x' after the steps. Synchronous, reads nothing back, and leaves no tensor but the result, which the caller disposes.
 *
 * With s = x + η and g = ∂(Σ loss)/∂s, each step is η ← Π(η + α·sign(g)) (L∞) or η ← Π(η + α·g/(‖g‖₂ + 1e-10)) (L2), Π
 * first onto the ball, then onto the box; the result is clip(x + η, 0, 1). The first gradient is taken at x + start even
 * where that lies outside the box; with `freezeFooled` the start is projected first, since what is judged there must be
 * what comes back.
 *
 * @param batch Images `[batch, height, width, channels]` in 0..1 and int32 labels `[batch]`.
 * @param start η at the beginning, same shape as x; stays the caller's.
 */
export function pgdSteps(
  model: Classifier,
  batch: Pick<AttackBatch, "x" | "y">,
  start: tf.Tensor4D,
  options: PgdStepOptions,
): tf.Tensor4D {
  return tf.tidy(() => {
    let eta = options.freezeFooled ? projectBox(batch.x, projectBall(start, options.threat)) : start.clone();
    for (let step = 0; step < options.steps; step++) {
      const next = tf.tidy(() => takeStep(model, batch, eta, options));
      eta.dispose();
      eta = next;
    }
    return tf.clipByValue(tf.add(batch.x, eta), 0, 1);
  });
}

function takeStep(
  model: Classifier,
  { x, y }: Pick<AttackBatch, "x" | "y">,
  eta: tf.Tensor4D,
  { threat, stepSize, loss, freezeFooled }: PgdStepOptions,
): tf.Tensor4D {
  const sum: tf.Tensor4D = tf.add(x, eta);
  const at: tf.Tensor4D = freezeFooled ? tf.clipByValue(sum, 0, 1) : sum;
  const gradient = ascentDirection(model, at, y, loss);
  const projected = threat.norm === "linf"
    ? model.kernels.linfStep({ x, eta, gradient, epsilon: threat.epsilon, stepSize })
    : l2Step(x, eta, gradient, { threat, stepSize });
  return freezeFooled ? tf.where(notFooled(model, at, y, projected.shape), projected, eta) : projected;
}

function l2Step(
  x: tf.Tensor4D,
  eta: tf.Tensor4D,
  gradient: tf.Tensor4D,
  { threat, stepSize }: Pick<PgdStepOptions, "threat" | "stepSize">,
): tf.Tensor4D {
  const direction = tf.div(gradient, tf.add(l2Norms(gradient), TINY));
  return projectBox(x, projectBall(tf.add(eta, tf.mul(direction, stepSize)), threat));
}

/** ∂(Σ loss)/∂x; the gradient of a vector of losses is that of its sum. */
function ascentDirection(model: Classifier, at: tf.Tensor4D, y: tf.Tensor1D, loss: AttackLoss): tf.Tensor4D {
  return tf.grad((input) => lossPerImage(loss, model, model.logits(input as tf.Tensor4D), y))(at) as tf.Tensor4D;
}

/** Mask of the images that are still classified correctly, from a forward pass of its own. */
function notFooled(model: Classifier, at: tf.Tensor4D, y: tf.Tensor1D, shape: number[]): tf.Tensor {
  const correct = tf.equal(tf.argMax(model.logits(at), 1), y);
  return tf.broadcastTo(tf.reshape(correct, [-1, 1, 1, 1]), shape);
}

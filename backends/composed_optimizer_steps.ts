/** Optimizer steps from plain tfjs ops; formulas in engine.ts. @module */

import * as tf from "@tensorflow/tfjs";
import type { AdamStep, SgdStep } from "./engine.ts";

export const ADAM_BETA1 = 0.9;
export const ADAM_BETA2 = 0.999;
export const ADAM_EPSILON = 1e-8;

/** The step of {@linkcode SgdStep}. */
export function sgdStep({ weight, gradient, velocity, learningRate, momentum, weightDecay }: SgdStep) {
  const [next, moved] = tf.tidy(() => {
    const descent = withDecay(gradient, weight, weightDecay);
    const moved = velocity === null ? descent.clone() : tf.add(tf.mul(velocity, momentum), descent);
    return [tf.sub(weight, tf.mul(moved, learningRate)), moved];
  }) as [tf.Tensor, tf.Tensor];
  if (momentum !== 0) return { weight: next, velocity: moved };
  moved.dispose();
  return { weight: next, velocity: null };
}

/** The step of {@linkcode AdamStep}. */
export function adamStep({ weight, gradient, stepSize, rootCorrection, weightDecay, ...previous }: AdamStep) {
  return tf.tidy(() => {
    const descent = withDecay(gradient, weight, weightDecay);
    const mean = average(previous.mean, descent, ADAM_BETA1);
    const square = average(previous.square, tf.square(descent), ADAM_BETA2);
    const scale = tf.add(tf.div(tf.sqrt(square), rootCorrection), ADAM_EPSILON);
    return { weight: tf.sub(weight, tf.mul(tf.div(mean, scale), stepSize)), mean, square };
  });
}

function withDecay(gradient: tf.Tensor, weight: tf.Tensor, weightDecay: number): tf.Tensor {
  return weightDecay === 0 ? gradient : tf.add(gradient, tf.mul(weight, weightDecay));
}

function average(previous: tf.Tensor | null, value: tf.Tensor, beta: number): tf.Tensor {
  const fresh = tf.mul(value, 1 - beta);
  return previous === null ? fresh : tf.add(tf.mul(previous, beta), fresh);
}

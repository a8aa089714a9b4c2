/** Softmax cross-entropy as a tfjs kernel that computes the gradient with the value. In float32 the gradient's entry for
 *  the label, p − 1, loses all its digits where p is nearly 1, as for every confidently classified image; here it is minus
 *  the sum of the other probabilities. @module */

import * as tf from "@tensorflow/tfjs";
import { registerKernel } from "./register_kernel.ts";

const CROSS_ENTROPY = "TensorflowCrossEntropy";

/** Losses `[batch]` and their gradients softmax(logits) − [class is the label], `[batch, classes]`. */
export type LossesAndResiduals = (logits: tf.Tensor2D, labels: tf.Tensor1D) => [tf.Tensor, tf.Tensor];

/** Cross-entropy of each example in nats, `[batch]`, differentiable (once) in the logits `[batch, classes]`. */
export function crossEntropy(logits: tf.Tensor2D, labels: tf.Tensor1D): tf.Tensor1D {
  const [losses, residuals] = tf.engine().runKernel<tf.Tensor[]>(CROSS_ENTROPY, { logits, labels });
  residuals!.dispose();
  return losses as tf.Tensor1D;
}

/** Registers the kernel. */
export function registerCrossEntropy(compute: LossesAndResiduals): void {
  registerKernel(
    CROSS_ENTROPY,
    ({ logits, labels }) => compute(logits as tf.Tensor2D, labels as tf.Tensor1D),
    {
      outputsToSave: [false, true],
      gradients: ([dy], [residuals]) => ({ logits: () => tf.tidy(() => tf.mul(residuals!, tf.expandDims(dy!, 1))) }),
    },
  );
}

/** From TensorFlow's own operations. */
export function stockLossesAndResiduals(logits: tf.Tensor2D, labels: tf.Tensor1D): [tf.Tensor, tf.Tensor] {
  return tf.tidy(() => {
    const chosen = tf.cast(tf.oneHot(labels, logits.shape[1]), "float32");
    const centred = tf.sub(logits, tf.max(logits, 1, true));
    const weights = tf.exp(centred);
    const others = tf.mul(weights, tf.sub(1, chosen));
    const total = tf.sum(weights, 1, true);
    const losses = tf.sub(tf.log(tf.squeeze(total, [1])), tf.sum(tf.mul(centred, chosen), 1));
    const residuals = tf.div(tf.sub(others, tf.mul(chosen, tf.sum(others, 1, true))), total);
    return [losses, residuals] as [tf.Tensor, tf.Tensor];
  });
}

/** Cross-entropy of a few logits per example, in float64 on plain arrays. In float32 the gradient's entry for the label,
 *  p − 1, loses all its digits where p is nearly 1, as for every confidently classified image; here it is minus the sum of
 *  the other probabilities. @module */

import * as tf from "@tensorflow/tfjs";

/** Cross-entropy of each example in nats, `[batch]`, differentiable (once) in the logits `[batch, classes]`. */
export function crossEntropy(logits: tf.Tensor2D, labels: tf.Tensor1D): tf.Tensor1D {
  const compute = tf.customGrad(() => {
    const { losses, residuals } = softmaxLosses(logits, labels);
    return {
      value: tf.tensor1d(losses),
      gradFunc: (dy: tf.Tensor) => tf.tidy(() => tf.mul(tf.tensor2d(residuals, logits.shape), tf.expandDims(dy, 1))),
    };
  });
  return compute(logits) as tf.Tensor1D;
}

/** Losses, and their gradients: softmax(logits) − [class is the label]. */
function softmaxLosses(logits: tf.Tensor2D, labels: tf.Tensor1D): { losses: Float32Array; residuals: Float32Array } {
  const [count, classes] = logits.shape;
  const values = logits.dataSync<"float32">(), chosen = labels.dataSync<"int32">();
  const losses = new Float32Array(count), residuals = new Float32Array(count * classes);
  for (let i = 0; i < count; i++) {
    const row = Array.from(values.subarray(i * classes, (i + 1) * classes));
    const label = chosen[i]!, largest = Math.max(...row);
    const sum = row.reduce((total, value) => total + Math.exp(value - largest), 0);
    const probabilities = row.map((value) => Math.exp(value - largest) / sum);
    losses[i] = Math.log(sum) + largest - row[label]!;
    residuals.set(probabilities, i * classes);
    residuals[i * classes + label] = -probabilities.reduce((total, p, k) => k === label ? total : total + p, 0);
  }
  return { losses, residuals };
}

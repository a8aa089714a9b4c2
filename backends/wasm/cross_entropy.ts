/** Cross-entropy from a few logits per example, in float64 on plain arrays. tfjs's float32 log-softmax leaves an error of
 *  1e-7 in the probability of the label; where that is nearly 1, as for every confidently classified image, the gradient
 *  p − 1 is then mostly rounding noise, and with it the sign that attacks follow. @module */

import * as tf from "@tensorflow/tfjs";

/** Cross-entropy of each example in nats, `[batch]`, differentiable (once) in the logits. */
export function crossEntropy(logits: tf.Tensor2D, labels: tf.Tensor1D): tf.Tensor1D {
  const compute = tf.customGrad((z, save) => {
    const { losses, residuals } = softmaxLosses(z as tf.Tensor2D, labels);
    (save as (tensors: tf.Tensor[]) => void)([tf.tensor2d(residuals, logits.shape)]);
    return {
      value: tf.tensor1d(losses),
      gradFunc: (dy: tf.Tensor, [residual]: tf.Tensor[]) => tf.mul(residual!, tf.expandDims(dy, 1)),
    };
  });
  return tf.tidy(() => compute(logits) as tf.Tensor1D);
}

/** Losses, and their gradients softmax(logits) − [class is the label]. */
function softmaxLosses(
  logits: tf.Tensor2D,
  labels: tf.Tensor1D,
): { losses: Float32Array; residuals: Float32Array } {
  const [count, classes] = logits.shape;
  const values = logits.dataSync<"float32">(), chosen = labels.dataSync();
  const losses = new Float32Array(count), residuals = new Float32Array(count * classes);
  for (let i = 0; i < count; i++) {
    const row = values.subarray(i * classes, (i + 1) * classes), label = chosen[i]!;
    const largest = row.reduce((a, b) => Math.max(a, b), -Infinity);
    const sum = row.reduce((total, value) => total + Math.exp(value - largest), 0);
    losses[i] = Math.log(sum) + largest - row[label]!;
    let others = 0;
    for (let k = 0; k < classes; k++) {
      if (k === label) continue;
      const probability = Math.exp(row[k]! - largest) / sum;
      residuals[i * classes + k] = probability;
      others += probability;
    }
    residuals[i * classes + label] = -others;
  }
  return { losses, residuals };
}

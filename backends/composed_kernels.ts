/** The kernel table from plain tfjs ops: the reference that the fused tables are tested against, and what an engine
 *  without kernels of its own uses. @module */

import * as tf from "@tensorflow/tfjs";
import type { Activation, FirstLayer, Kernels, Padding } from "./engine.ts";
import { innerLoop } from "./inner_loop.ts";

/** Padding in the form that tfjs's convolutions take. */
export function tfjsPadding({ top, bottom, left, right }: Padding): "valid" | tf.backend_util.ExplicitPadding {
  if (top === 0 && bottom === 0 && left === 0 && right === 0) return "valid";
  return [[0, 0], [top, bottom], [left, right], [0, 0]];
}

/** Kernels made only of tfjs ops; they run on any backend that has the ops and their gradients. */
export function composedKernels(): Kernels {
  return {
    convolution(x, filter, bias, { stride, padding, activation }) {
      return tf.tidy(() => activate(tf.conv2d(x, filter, stride, tfjsPadding(padding)), bias, activation));
    },
    dense(x, kernel, bias, activation) {
      return tf.tidy(() => activate(tf.matMul(x, kernel), bias, activation));
    },
    // tfjs's gradient goes to the first maximum in row-major order, on the cpu backend and in our wasm kernel.
    maxPool: (x) => tf.maxPool(x, 2, 2, "valid"),
    crossEntropy,
    innerLoop: (loop) => innerLoop(loop, (z) => composedFirstLayerGradient(loop.firstLayer, z, loop.p)),
  };
}

function activate<T extends tf.Tensor>(sum: T, bias: tf.Tensor1D | null, activation: Activation): T {
  const biased = bias === null ? sum : tf.add<T>(sum, bias);
  return activation === "relu" ? tf.relu(biased) : biased;
}

/** −log softmax(logits)[label]; tfjs's logSoftmax subtracts the maximum first, so large logits do not overflow. */
export function crossEntropy(logits: tf.Tensor2D, labels: tf.Tensor1D): tf.Tensor1D {
  return tf.tidy(() => {
    const chosen = tf.cast(tf.oneHot(labels, logits.shape[1]), "float32");
    return tf.neg(tf.sum<tf.Tensor1D>(tf.mul(tf.logSoftmax(logits), chosen), 1));
  });
}

/** ∂(Σ p·f0(z))/∂z. ReLU passes p where its output is positive; the convolution's transpose carries it to z. */
function composedFirstLayerGradient(layer: FirstLayer, z: tf.Tensor4D, p: tf.Tensor4D): tf.Tensor4D {
  const { filter, bias, stride, padding, activation } = layer;
  return tf.tidy(() => {
    const pad = tfjsPadding(padding);
    const passed = activation === "none"
      ? p
      : tf.mul<tf.Tensor4D>(p, tf.step(activate(tf.conv2d(z, filter, stride, pad), bias, "none")));
    return tf.conv2dTranspose(passed, filter, z.shape, stride, pad);
  });
}

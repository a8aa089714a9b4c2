/** The kernel table from plain tfjs ops: the reference that the fused tables are tested against, and what an engine
 *  without kernels of its own uses. @module */

import * as tf from "@tensorflow/tfjs";
import { composedBatchNormalization, composedNormalization } from "./composed_batch_normalization.ts";
import { adamStep, sgdStep } from "./composed_optimizer_steps.ts";
import type { Activation, FirstLayer, Kernels, LinfStep, Padding } from "./engine.ts";
import { innerLoop } from "./inner_loop.ts";

/** Padding in the form that tfjs's convolutions take. */
export function tfjsPadding({ top, bottom, left, right }: Padding): "valid" | tf.backend_util.ExplicitPadding {
  if (top === 0 && bottom === 0 && left === 0 && right === 0) return "valid";
  return [[0, 0], [top, bottom], [left, right], [0, 0]];
}

/** Kernels made only of tfjs ops; they run on any backend that has the ops and their gradients. They sum over a batch at
 *  once, so they are for an engine of one shard. */
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
    batchNormalization: composedBatchNormalization,
    normalization: composedNormalization,
    batchSum: (values) => tf.sum<tf.Scalar>(values),
    linfStep,
    sgdStep,
    adamStep,
    innerLoop: (loop) => innerLoop(loop, (z) => composedFirstLayerGradient(loop.firstLayer, z, loop.p)),
  };
}

function activate<T extends tf.Tensor>(sum: T, bias: tf.Tensor1D | null, activation: Activation): T {
  const biased = bias === null ? sum : tf.add<T>(sum, bias);
  return activation === "relu" ? tf.relu(biased) : biased;
}

/** The step of {@linkcode LinfStep}. */
export function linfStep({ x, eta, gradient, epsilon, stepSize }: LinfStep): tf.Tensor4D {
  return tf.tidy(() => {
    const moved = tf.clipByValue(tf.add(eta, tf.mul(tf.sign(gradient), stepSize)), -epsilon, epsilon);
    return tf.sub<tf.Tensor4D>(tf.clipByValue(tf.add(x, moved), 0, 1), x);
  });
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

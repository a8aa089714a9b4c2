/** A gradient of a small network on a fresh build against the cpu backend, in this process. @module */

import * as tf from "@tensorflow/tfjs";
import { composedKernels } from "../../composed_kernels.ts";
import type { Kernels } from "../../engine.ts";
import { openKernels } from "../kernels.ts";
import { BACKEND, loadTensorflow } from "../load.ts";
import { measurePrecision } from "../probe_precision.ts";

/** What was seen. */
export interface Trial {
  readonly tensorflowVersion: string;
  readonly usesGpu: boolean;
  readonly precision: string;
  /** Largest difference between the gradients, relative to the largest entry. */
  readonly error: number;
}

const TOLERANCE = 1e-4;

/** @throws {Error} When the build does not load or computes something else. */
export async function tryBuild(bindingPath: string, ownOperations: boolean): Promise<Trial> {
  tf.enableProdMode(); // silences the advice to install what is being set up
  await tf.setBackend("cpu");
  const expected = gradients(composedKernels());
  const { operations, tensorflowVersion, usesGpu } = await loadTensorflow(bindingPath);
  const { kernels } = openKernels(operations, { gpu: usesGpu, ownOperations }, "f32");
  await tf.setBackend(BACKEND);
  const actual = gradients(kernels);
  const error = Math.max(...actual.map((values, i) => relativeError(values, expected[i]!)));
  if (!(error <= TOLERANCE)) {
    throw new Error(`Cannot use this build of TensorFlow: its gradients differ from the cpu engine's by ${error}`);
  }
  return { tensorflowVersion, usesGpu, precision: measurePrecision(kernels), error };
}

/** Of a loss over two convolutions, a pool and a dense layer, in the images and in every parameter. */
function gradients(kernels: Kernels): Float32Array[] {
  const wave = (shape: number[], step: number) =>
    tf.reshape(tf.sin(tf.mul(tf.range(0, tf.util.sizeFromShape(shape)), step)), shape);
  const padding = { top: 0, bottom: 0, left: 0, right: 0 };
  const options = { stride: 1, padding, activation: "relu" } as const;
  const result: Float32Array[] = [];
  tf.tidy(() => {
    const inputs = [[4, 12, 12, 1], [3, 3, 1, 16], [16], [3, 3, 16, 32], [32], [512, 10], [10]];
    const tensors = inputs.map((shape, i) => wave(shape, 0.37 + 0.11 * i));
    const labels = tf.tensor1d([1, 3, 5, 7], "int32");
    const loss = (...[x, filter1, bias1, filter2, bias2, weights, bias]: tf.Tensor[]) => {
      const first = kernels.convolution(x as tf.Tensor4D, filter1 as tf.Tensor4D, bias1 as tf.Tensor1D, options);
      const second = kernels.convolution(first, filter2 as tf.Tensor4D, bias2 as tf.Tensor1D, options);
      const pooled = tf.reshape(kernels.maxPool(second), [4, 512]) as tf.Tensor2D;
      const logits = kernels.dense(pooled, weights as tf.Tensor2D, bias as tf.Tensor1D, "none");
      return tf.mean(kernels.crossEntropy(logits, labels));
    };
    for (const gradient of tf.grads(loss)(tensors)) result.push(Float32Array.from(gradient.dataSync()));
  });
  return result;
}

function relativeError(actual: Float32Array, expected: Float32Array): number {
  const largest = Math.max(...expected.map(Math.abs), 1e-20);
  return Math.max(...actual.map((value, i) => Math.abs(value - expected[i]!))) / largest;
}

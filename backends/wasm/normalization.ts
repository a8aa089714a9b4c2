/** Evaluation-mode normalisation and its gradients: mean and variance are constants, so an image's result and gradient do not
 *  depend on the others. Gradients of scale and offset are this worker's share, in shard order. Symbols as in
 *  batch_normalization.ts; dx = scale·r·dy. @module */

import * as tf from "@tensorflow/tfjs";
import type { Kernels, NormalizationOptions } from "../engine.ts";
import { defineKernel } from "./define_kernel.ts";
import type { WasmBackend } from "./heap.ts";
import { floorOf } from "./matrix_product.ts";
import { assembly } from "./module.ts";
import {
  centredSums,
  deviations,
  factorsOf,
  type GradientInputs,
  normalizeRows,
  pointersOf,
  rowsByExample,
  vector,
} from "./normalization_rows.ts";

const FORWARD = "YopoNormalization";
const GRADIENT = "YopoNormalizationGradient";
const SCALE_GRADIENT = "YopoNormalizationScaleGradient";
const OFFSET_GRADIENT = "YopoNormalizationOffsetGradient";

/** See `normalization` of the kernel table. */
export const fusedNormalization: Kernels["normalization"] = (x, scale, offset, { mean, variance }, options) =>
  tf.engine().runKernel(FORWARD, { x, scale, offset, mean, variance }, { ...options });

/** Registers the kernels and the gradients. */
export function registerNormalization(): void {
  defineKernel<NormalizationOptions>(FORWARD, ({ x, scale, offset, mean, variance }, options, backend) => {
    const channels = { scale: scale!, offset: offset!, mean: mean!, variance: variance! };
    return normalizeRows(x!, channels, options, backend);
  });
  defineGradient(GRADIENT, inputGradient);
  defineGradient(SCALE_GRADIENT, (inputs, options, backend) => {
    const { columns, sums } = shareSums(inputs, options, backend);
    return vector(sums.subarray(2 * columns), backend);
  });
  defineGradient(OFFSET_GRADIENT, (inputs, options, backend) => {
    const { columns, sums } = shareSums(inputs, options, backend);
    return vector(sums.subarray(0, columns), backend);
  });
  tf.registerGradient({
    kernelName: FORWARD,
    inputsToSave: ["x", "scale", "mean", "variance"],
    outputsToSave: [true],
    gradFunc(dy, saved, attributes) {
      const [x, scale, mean, variance, y] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
      const inputs = { dy: dy as tf.Tensor, x, scale, mean, variance, y };
      const run = (name: string) => (): tf.Tensor => tf.engine().runKernel(name, inputs, attributes);
      return { x: run(GRADIENT), scale: run(SCALE_GRADIENT), offset: run(OFFSET_GRADIENT) };
    },
  });
}

function defineGradient(
  name: string,
  compute: (inputs: GradientInputs, options: NormalizationOptions, backend: WasmBackend) => tf.TensorInfo,
): void {
  defineKernel<NormalizationOptions>(
    name,
    (inputs, options, backend) => compute(inputs as unknown as GradientInputs, options, backend),
  );
}

function inputGradient(
  { dy, y, x, scale, variance }: GradientInputs,
  { epsilon, activation }: NormalizationOptions,
  backend: WasmBackend,
): tf.TensorInfo {
  const { columns, rowsOf } = rowsByExample(x, backend);
  const dx = backend.makeOutput(x.shape, "float32");
  const factor = factorsOf(scale, deviations(variance, epsilon, backend), backend);
  const [upstream, output, weight, to] = pointersOf(backend, dy, activation === "relu" ? y : dy, factor, dx);
  const rows = rowsOf(x.shape[0]!);
  assembly().fixedNormalizationGradient(upstream!, output!, weight!, to!, rows, columns, floorOf(activation));
  backend.disposeData(factor.dataId);
  return dx;
}

function shareSums(inputs: GradientInputs, { epsilon, activation }: NormalizationOptions, backend: WasmBackend) {
  const { columns } = rowsByExample(inputs.x, backend);
  const deviation = deviations(inputs.variance, epsilon, backend);
  return { columns, sums: centredSums(inputs, deviation, floorOf(activation), backend) };
}

/** Training-mode batch normalisation and its gradient: Ioffe and Szegedy 2015, arXiv:1502.03167. Sums are over the batch of
 *  all workers: this worker's share in shard order, then the team. With m and v the mean and the biased variance of a
 *  channel's N values, r = 1/√(v + ε), dy where ReLU passes it, A = Σ dy and B = Σ dy·(x − m):
 *  y = (x − m)·r·scale + offset; dx = scale·r·(dy − A/N − (x − m)·r²·B/N); dscale = r·B; doffset = A. dx takes A and B of
 *  the whole batch, dscale and doffset those of this worker's share, as all gradients of parameters do. @module */

import * as tf from "@tensorflow/tfjs";
import type { BatchNormalization, NormalizationOptions } from "../engine.ts";
import { defineKernel } from "./define_kernel.ts";
import { type WasmBackend } from "./heap.ts";
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
  sumShare,
  vector,
} from "./normalization_rows.ts";
import { teamInUse } from "./team_in_use.ts";

const FORWARD = "YopoBatchNormalization";
const GRADIENT = "YopoBatchNormalizationGradient";

/** See {@linkcode BatchNormalization}. */
export function fusedBatchNormalization(
  x: tf.Tensor4D,
  scale: tf.Tensor1D,
  offset: tf.Tensor1D,
  options: NormalizationOptions,
): BatchNormalization {
  const [y, mean, variance] = tf.engine().runKernel<tf.Tensor[]>(FORWARD, { x, scale, offset }, { ...options });
  return { y: y as tf.Tensor4D, mean: mean as tf.Tensor1D, variance: variance as tf.Tensor1D };
}

/** Registers the kernels and the gradient. */
export function registerBatchNormalization(): void {
  defineKernel<NormalizationOptions>(FORWARD, ({ x, scale, offset }, options, backend) => {
    const mean = vector(batchMeans(sumColumns(x!, backend), x!, backend), backend);
    const variance = vector(batchMeans(sumSquares(x!, mean, backend), x!, backend), backend);
    const y = normalizeRows(x!, { scale: scale!, offset: offset!, mean, variance }, options, backend);
    return [y, mean, variance];
  });
  defineKernel<NormalizationOptions>(
    GRADIENT,
    (inputs, options, backend) => gradients(inputs as unknown as GradientInputs, options, backend),
  );
  tf.registerGradient({
    kernelName: FORWARD,
    inputsToSave: ["x", "scale"],
    outputsToSave: [true, true, true],
    gradFunc(dys, saved, attributes) {
      const [x, scale, y, mean, variance] = saved as tf.Tensor[];
      const inputs = { dy: (dys as tf.Tensor[])[0]!, x: x!, scale: scale!, y: y!, mean: mean!, variance: variance! };
      const [dx, dscale, doffset] = tf.engine().runKernel<tf.Tensor[]>(GRADIENT, inputs, attributes);
      return { x: () => dx!, scale: () => dscale!, offset: () => doffset! };
    },
  });
}

/** Σ of each channel over this worker's share. */
function sumColumns(x: tf.TensorInfo, backend: WasmBackend): Float32Array {
  const { columns, rowsOf, at } = rowsByExample(x, backend);
  return sumShare(x, columns, backend, (first, end, to) => {
    assembly().columnSums(at(first), to, rowsOf(end - first), columns);
  });
}

/** Σ (x − mean)² of each channel over this worker's share. */
function sumSquares(x: tf.TensorInfo, mean: tf.TensorInfo, backend: WasmBackend): Float32Array {
  const { columns, rowsOf, at } = rowsByExample(x, backend);
  const [centre] = pointersOf(backend, mean);
  return sumShare(x, columns, backend, (first, end, to) => {
    assembly().centredSquares(at(first), centre!, to, rowsOf(end - first), columns);
  });
}

/** dx, dscale and doffset. */
function gradients(
  inputs: GradientInputs,
  { epsilon, activation }: NormalizationOptions,
  backend: WasmBackend,
): tf.TensorInfo[] {
  const { dy, y, x, scale, mean, variance } = inputs;
  const { columns, rowsOf, at } = rowsByExample(x, backend);
  const deviation = deviations(variance, epsilon, backend), floor = floorOf(activation);
  const own = centredSums(inputs, deviation, floor, backend);
  const means = batchMeans(own.slice(0, 2 * columns), x, backend);
  const dx = backend.makeOutput(x.shape, "float32");
  const shift = vector(means.subarray(0, columns), backend);
  const slope = vector(means.subarray(columns).map((value, c) => value / deviation[c]! ** 2), backend);
  const factor = factorsOf(scale, deviation, backend);
  const [upstream, output, centre, weight, across, along, to] = pointersOf(
    backend,
    ...[dy, activation === "relu" ? y : dy, mean, factor, shift, slope, dx],
  );
  assembly().normalizationGradient(
    upstream!,
    output!,
    at(0),
    centre!,
    weight!,
    across!,
    along!,
    to!,
    rowsOf(x.shape[0]!),
    columns,
    floor,
  );
  for (const { dataId } of [shift, slope, factor]) backend.disposeData(dataId);
  return [dx, vector(own.subarray(2 * columns), backend), vector(own.subarray(0, columns), backend)];
}

/** Sums over this worker's share to means over the whole batch, in place of the sums. */
function batchMeans(sums: Float32Array, x: tf.TensorInfo, backend: WasmBackend): Float32Array {
  const count = Float32Array.of(rowsByExample(x, backend).rowsOf(x.shape[0]!));
  teamInUse().allReduce([sums, count]);
  return sums.map((sum) => sum / count[0]!);
}

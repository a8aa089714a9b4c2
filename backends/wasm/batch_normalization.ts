/** Training-mode batch normalisation and its gradient: Ioffe and Szegedy 2015, arXiv:1502.03167. Sums are over the batch of
 *  all workers: this worker's share in shard order, then the team. With m and v the mean and the biased variance of a
 *  channel's N values, r = 1/√(v + ε), A = Σ dy and B = Σ dy·(x − m):
 *  y = (x − m)·r·scale + offset; dx = scale·r·(dy − A/N − (x − m)·r²·B/N); dscale = r·B; doffset = A. dx takes A and B of
 *  the whole batch, dscale and doffset those of this worker's share, as all gradients of parameters do. @module */

import * as tf from "@tensorflow/tfjs";
import type { BatchNormalization, NormalizationOptions } from "../engine.ts";
import { defineKernel } from "./define_kernel.ts";
import { heapOf, indexOf, pointerOf, sizeOf, type WasmBackend } from "./heap.ts";
import { assembly } from "./module.ts";
import { sumShards } from "./shard_tree.ts";
import { teamInUse } from "./team_in_use.ts";

const FORWARD = "YopoBatchNormalization";
const GRADIENT = "YopoBatchNormalizationGradient";
type Attributes = { epsilon: number };

/** See {@linkcode BatchNormalization}. */
export function fusedBatchNormalization(
  x: tf.Tensor4D,
  scale: tf.Tensor1D,
  offset: tf.Tensor1D,
  { epsilon, activation }: NormalizationOptions,
): BatchNormalization {
  const attributes: Attributes = { epsilon };
  const [normalized, mean, variance] = tf.engine().runKernel<tf.Tensor[]>(FORWARD, { x, scale, offset }, attributes);
  const y = activation === "relu" ? tf.relu(normalized!) : normalized;
  return { y: y as tf.Tensor4D, mean: mean as tf.Tensor1D, variance: variance as tf.Tensor1D };
}

/** Registers the kernels and the gradient. */
export function registerBatchNormalization(): void {
  defineKernel<Attributes>(FORWARD, ({ x, scale, offset }, { epsilon }, backend) => {
    const mean = vector(batchMeans(sumColumns(x!, backend), x!, backend), backend);
    const variance = vector(batchMeans(sumSquares(x!, mean, backend), x!, backend), backend);
    const y = normalize(x!, { scale: scale!, offset: offset!, mean, variance, epsilon }, backend);
    return [y, mean, variance];
  });
  defineKernel<Attributes>(
    GRADIENT,
    ({ dy, x, scale, mean, variance }, { epsilon }, backend) =>
      gradients(dy!, x!, { scale: scale!, mean: mean!, variance: variance!, epsilon }, backend),
  );
  tf.registerGradient({
    kernelName: FORWARD,
    inputsToSave: ["x", "scale"],
    outputsToSave: [false, true, true],
    gradFunc(dys, saved, attributes) {
      const [x, scale, mean, variance] = saved as tf.Tensor[];
      const inputs = { dy: (dys as tf.Tensor[])[0]!, x: x!, scale: scale!, mean: mean!, variance: variance! };
      const [dx, dscale, doffset] = tf.engine().runKernel<tf.Tensor[]>(GRADIENT, inputs, attributes);
      return { x: () => dx!, scale: () => dscale!, offset: () => doffset! };
    },
  });
}

interface Channels {
  readonly scale: tf.TensorInfo;
  readonly mean: tf.TensorInfo;
  readonly variance: tf.TensorInfo;
  readonly epsilon: number;
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
  const centre = pointerOf(backend, mean);
  return sumShare(x, columns, backend, (first, end, to) => {
    assembly().centredSquares(at(first), centre, to, rowsOf(end - first), columns);
  });
}

function normalize(
  x: tf.TensorInfo,
  { scale, offset, mean, variance, epsilon }: Channels & { readonly offset: tf.TensorInfo },
  backend: WasmBackend,
): tf.TensorInfo {
  const { columns, rowsOf, at } = rowsByExample(x, backend);
  const y = backend.makeOutput(x.shape, "float32");
  const scales = valuesOf(scale, backend);
  const factor = vector(deviations(variance, epsilon, backend).map((deviation, c) => scales[c]! / deviation), backend);
  const [centre, slope, shift, to] = [mean, factor, offset, y].map((tensor) => pointerOf(backend, tensor));
  assembly().normalize(at(0), centre!, slope!, shift!, to!, rowsOf(x.shape[0]!), columns);
  backend.disposeData(factor.dataId);
  return y;
}

/** dx, dscale and doffset. */
function gradients(
  dy: tf.TensorInfo,
  x: tf.TensorInfo,
  { scale, mean, variance, epsilon }: Channels,
  backend: WasmBackend,
): tf.TensorInfo[] {
  const { columns, rowsOf, at } = rowsByExample(x, backend);
  const [upstream, centre] = [dy, mean].map((tensor) => pointerOf(backend, tensor)) as [number, number];
  const deviation = deviations(variance, epsilon, backend).slice(), scales = valuesOf(scale, backend).slice();
  // Σ dy, Σ dy·(x − mean), and the latter by the deviation: rounded in each shard, so that workers' shares add up.
  const own = sumShare(x, 3 * columns, backend, (first, end, to) => {
    const start = upstream + (at(first) - at(0));
    assembly().normalizationSums(start, at(first), centre, to, rowsOf(end - first), columns);
    const sums = heapOf(backend).subarray(to >>> 2, (to >>> 2) + 3 * columns);
    deviation.forEach((value, c) => sums[2 * columns + c] = sums[columns + c]! / value);
  });
  const means = batchMeans(own.slice(0, 2 * columns), x, backend);
  const dx = backend.makeOutput(x.shape, "float32");
  const shift = vector(means.subarray(0, columns), backend);
  const slope = vector(means.subarray(columns).map((value, c) => value / deviation[c]! ** 2), backend);
  const factor = vector(deviation.map((value, c) => scales[c]! / value), backend);
  const [along, across, weight, to] = [slope, shift, factor, dx].map((tensor) => pointerOf(backend, tensor));
  assembly().normalizationGradient(
    upstream,
    at(0),
    centre,
    weight!,
    across!,
    along!,
    to!,
    rowsOf(x.shape[0]!),
    columns,
  );
  for (const { dataId } of [shift, slope, factor]) backend.disposeData(dataId);
  return [dx, vector(own.subarray(2 * columns), backend), vector(own.subarray(0, columns), backend)];
}

/** x `[batch, ..., channels]` as rows of channels: where an example starts, and how many rows some examples have. */
function rowsByExample(x: tf.TensorInfo, backend: WasmBackend) {
  const columns = x.shape.at(-1)!, rows = sizeOf(x.shape.slice(1, -1)), start = pointerOf(backend, x);
  return {
    columns,
    rowsOf: (examples: number) => examples * rows,
    at: (example: number) => start + 4 * example * rows * columns,
  };
}

/** Sums over this worker's share in shard order, out of the heap. */
function sumShare(
  x: tf.TensorInfo,
  size: number,
  backend: WasmBackend,
  sumShard: (first: number, end: number, to: number) => void,
): Float32Array {
  const sums = sumShards(teamInUse().shardBounds(x.shape[0]!), [size], backend, sumShard);
  const values = valuesOf(sums, backend).slice();
  backend.disposeData(sums.dataId);
  return values;
}

/** Sums over this worker's share to means over the whole batch, in place of the sums. */
function batchMeans(sums: Float32Array, x: tf.TensorInfo, backend: WasmBackend): Float32Array {
  const count = Float32Array.of(rowsByExample(x, backend).rowsOf(x.shape[0]!));
  teamInUse().allReduce([sums, count]);
  return sums.map((sum) => sum / count[0]!);
}

/** √(variance + ε) of each channel, rounded to float32 as everything here. */
function deviations(variance: tf.TensorInfo, epsilon: number, backend: WasmBackend): Float32Array {
  return valuesOf(variance, backend).map((value) => Math.sqrt(value + epsilon));
}

/** A view that lasts until the next allocation. */
function valuesOf(tensor: tf.TensorInfo, backend: WasmBackend): Float32Array {
  const first = indexOf(backend, tensor);
  return heapOf(backend).subarray(first, first + sizeOf(tensor.shape));
}

function vector(values: Float32Array, backend: WasmBackend): tf.TensorInfo {
  const out = backend.makeOutput([values.length], "float32");
  heapOf(backend).set(values, indexOf(backend, out));
  return out;
}

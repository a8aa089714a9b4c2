/** What normalisation in training and in evaluation mode have in common: x as rows of channels, and sums over this worker's
 *  share of them. @module */

import type * as tf from "@tensorflow/tfjs";
import type { NormalizationOptions } from "../engine.ts";
import { heapOf, indexOf, pointerOf, sizeOf, type WasmBackend } from "./heap.ts";
import { floorOf } from "./matrix_product.ts";
import { assembly } from "./module.ts";
import { type SumShard, sumShards } from "./shard_tree.ts";
import { teamInUse } from "./team_in_use.ts";

/** One number a channel each. */
interface Channels {
  readonly scale: tf.TensorInfo;
  readonly mean: tf.TensorInfo;
  readonly variance: tf.TensorInfo;
}

/** What a gradient is computed from; dy counts where y is above the activation's floor. */
export interface GradientInputs extends Channels {
  readonly dy: tf.TensorInfo;
  readonly y: tf.TensorInfo;
  readonly x: tf.TensorInfo;
}

/** activation(scale · (x − mean)/√(variance + ε) + offset). */
export function normalizeRows(
  x: tf.TensorInfo,
  { scale, offset, mean, variance }: Channels & { readonly offset: tf.TensorInfo },
  { epsilon, activation }: NormalizationOptions,
  backend: WasmBackend,
): tf.TensorInfo {
  const { columns, rowsOf, at } = rowsByExample(x, backend);
  const y = backend.makeOutput(x.shape, "float32");
  const factor = factorsOf(scale, deviations(variance, epsilon, backend), backend);
  const [centre, slope, shift, to] = pointersOf(backend, mean, factor, offset, y);
  const rows = rowsOf(x.shape[0]!);
  assembly().normalize(at(0), centre!, slope!, shift!, to!, rows, columns, floorOf(activation));
  backend.disposeData(factor.dataId);
  return y;
}

/** Over this worker's share, of each channel: Σ dy, Σ dy·(x − mean), and the latter by the deviation, which is rounded in
 *  each shard, so that workers' shares add up. */
export function centredSums(
  { dy, y, x, mean }: GradientInputs,
  deviation: Float32Array,
  floor: number,
  backend: WasmBackend,
): Float32Array {
  const { columns, rowsOf, at } = rowsByExample(x, backend);
  const [upstream, output, centre] = pointersOf(backend, dy, floor === 0 ? y : dy, mean) as [number, number, number];
  return sumShare(x, 3 * columns, backend, (first, end, to) => {
    const start = at(first) - at(0);
    const rows = rowsOf(end - first);
    assembly().normalizationSums(upstream + start, output + start, at(first), centre, to, rows, columns, floor);
    const sums = heapOf(backend).subarray(to >>> 2, (to >>> 2) + 3 * columns);
    deviation.forEach((value, c) => sums[2 * columns + c] = sums[columns + c]! / value);
  });
}

/** x `[batch, ..., channels]` as rows of channels: where an example starts, and how many rows some examples have. */
export function rowsByExample(x: tf.TensorInfo, backend: WasmBackend) {
  const columns = x.shape.at(-1)!, rows = sizeOf(x.shape.slice(1, -1)), start = pointerOf(backend, x);
  return {
    columns,
    rowsOf: (examples: number) => examples * rows,
    at: (example: number) => start + 4 * example * rows * columns,
  };
}

/** Sums over this worker's share in shard order, out of the heap. */
export function sumShare(x: tf.TensorInfo, size: number, backend: WasmBackend, sumShard: SumShard): Float32Array {
  const sums = sumShards(teamInUse().shardBounds(x.shape[0]!), [size], backend, sumShard);
  const values = valuesOf(sums, backend).slice();
  backend.disposeData(sums.dataId);
  return values;
}

/** √(variance + ε) of each channel, rounded to float32 as everything here. */
export function deviations(variance: tf.TensorInfo, epsilon: number, backend: WasmBackend): Float32Array {
  return valuesOf(variance, backend).map((value) => Math.sqrt(value + epsilon));
}

/** scale/deviation of each channel; the caller disposes its data. */
export function factorsOf(scale: tf.TensorInfo, deviation: Float32Array, backend: WasmBackend): tf.TensorInfo {
  const scales = valuesOf(scale, backend);
  return vector(deviation.map((value, c) => scales[c]! / value), backend);
}

export function vector(values: Float32Array, backend: WasmBackend): tf.TensorInfo {
  const out = backend.makeOutput([values.length], "float32");
  heapOf(backend).set(values, indexOf(backend, out));
  return out;
}

export function pointersOf(backend: WasmBackend, ...tensors: readonly tf.TensorInfo[]): number[] {
  return tensors.map((tensor) => pointerOf(backend, tensor));
}

/** A view that lasts until the next allocation. */
function valuesOf(tensor: tf.TensorInfo, backend: WasmBackend): Float32Array {
  const first = indexOf(backend, tensor);
  return heapOf(backend).subarray(first, first + sizeOf(tensor.shape));
}

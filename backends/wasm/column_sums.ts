/** Sums over all axes but the last, such as a bias's gradient. @module */

import * as tf from "@tensorflow/tfjs";
import { defineKernel } from "./define_kernel.ts";
import { pointerOf, sizeOf, type WasmBackend, type WasmKernel } from "./heap.ts";
import { assembly } from "./module.ts";
import { sumShards } from "./shard_tree.ts";
import { teamInUse } from "./team_in_use.ts";

const BATCH_COLUMN_SUMS = "YopoBatchColumnSums";

/** Σ of x `[batch, ..., channels]` over all axes but the last, `[channels]`, over this worker's share in shard order. */
export function batchColumnSums(x: tf.Tensor): tf.Tensor1D {
  return tf.engine().runKernel(BATCH_COLUMN_SUMS, { x });
}

/** Registers the kernel. */
export function registerColumnSums(): void {
  defineKernel(BATCH_COLUMN_SUMS, ({ x }, _, backend) => sumExamples(x!, backend));
}

/** The kernel itself, for other kernels; the caller disposes the result's data. */
export function sumExamples(x: tf.TensorInfo, backend: WasmBackend): tf.TensorInfo {
  const columns = x.shape.at(-1)!, rows = sizeOf(x.shape.slice(1, -1));
  const from = pointerOf(backend, x);
  return sumShards(teamInUse().shardBounds(x.shape[0]!), [columns], backend, (first, end, to) => {
    assembly().columnSums(from + 4 * first * rows * columns, to, (end - first) * rows, columns);
  });
}

/** tf.sum over the leading axes of float32 tensors. It knows of no batch, so of no shards. */
export function sum(stock: WasmKernel<"x", tf.SumAttrs>): WasmKernel<"x", tf.SumAttrs> {
  return (inputs, attributes, backend) => {
    const { x } = inputs;
    const axes = tf.util.parseAxisParam(attributes.axis, x.shape);
    const leading = axes.length < x.shape.length && axes.every((axis, i) => axis === i);
    if (!leading || x.dtype !== "float32") return stock(inputs, attributes, backend);
    const kept = x.shape.slice(axes.length);
    const out = backend.makeOutput(attributes.keepDims ? [...axes.map(() => 1), ...kept] : kept, "float32");
    const rows = sizeOf(x.shape.slice(0, axes.length));
    assembly().columnSums(pointerOf(backend, x), pointerOf(backend, out), rows, sizeOf(kept));
    return out;
  };
}

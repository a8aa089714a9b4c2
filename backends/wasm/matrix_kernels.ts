/** Matrix products and sums along the fast paths: XNNPACK multiplies only one A·B without transposes, and tfjs's own
 *  sum over leading axes transposes first. @module */

import * as tf from "@tensorflow/tfjs";
import { heapOf, indexOf, runKernel, sizeOf, type WasmBackend, type WasmKernel } from "./heap.ts";

/** BatchMatMul that transposes its operands first, where there is one product to compute. */
export function batchMatMul(
  stock: WasmKernel<"a" | "b", tf.BatchMatMulAttrs>,
): WasmKernel<"a" | "b", tf.BatchMatMulAttrs> {
  return (inputs, attributes, backend) => {
    const { transposeA, transposeB } = attributes;
    const single = [inputs.a, inputs.b].every(({ shape }) => sizeOf(shape.slice(0, -2)) === 1);
    if (!single || (!transposeA && !transposeB)) return stock(inputs, attributes, backend);
    const a = transposeA ? transpose(inputs.a, backend) : inputs.a;
    const b = transposeB ? transpose(inputs.b, backend) : inputs.b;
    const product = stock({ a, b }, { transposeA: false, transposeB: false }, backend);
    if (transposeA) backend.disposeData(a.dataId);
    if (transposeB) backend.disposeData(b.dataId);
    return product;
  };
}

/** Swaps the last two axes with tfjs's own kernel; the caller disposes the result. */
function transpose(x: tf.TensorInfo, backend: WasmBackend): tf.TensorInfo {
  const perm = x.shape.map((_, axis) => axis);
  perm.push(...perm.splice(-2).reverse());
  return runKernel("Transpose", { x }, { perm }, backend);
}

/** Sum over the leading axes of float32 tensors, such as a bias's gradient, accumulated in float64. */
export function sum(stock: WasmKernel<"x", tf.SumAttrs>): WasmKernel<"x", tf.SumAttrs> {
  return (inputs, attributes, backend) => {
    const { x } = inputs;
    const axes = tf.util.parseAxisParam(attributes.axis, x.shape);
    const leading = axes.length < x.shape.length && axes.every((axis, i) => axis === i);
    if (!leading || x.dtype !== "float32") return stock(inputs, attributes, backend);
    const kept = x.shape.slice(axes.length);
    const out = backend.makeOutput(attributes.keepDims ? [...axes.map(() => 1), ...kept] : kept, "float32");
    const columns = sizeOf(kept);
    const heap = heapOf(backend);
    const totals = sumColumns(heap, indexOf(backend, x), sizeOf(x.shape.slice(0, axes.length)), columns);
    heap.set(totals, indexOf(backend, out));
    return out;
  };
}

function sumColumns(heap: Float32Array, from: number, rows: number, columns: number): Float64Array {
  const totals = new Float64Array(columns);
  let i = from;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) totals[column]! += heap[i++]!;
  }
  return totals;
}

/** Matrix products as tfjs's kernels. @module */

import type * as tf from "@tensorflow/tfjs";
import { pointerOf, runKernel, sizeOf, type WasmBackend, type WasmKernel } from "./heap.ts";
import { factorOf, product, transposedFactorOf } from "./matrix_product.ts";
import { assembly } from "./module.ts";

/** BatchMatMul of two float32 matrices; tfjs's own does several at once. */
export function batchMatMul(
  stock: WasmKernel<"a" | "b", tf.BatchMatMulAttrs>,
): WasmKernel<"a" | "b", tf.BatchMatMulAttrs> {
  return (inputs, attributes, backend) => {
    const { a, b } = inputs;
    const isSingle = [a, b].every(({ shape, dtype }) => dtype === "float32" && sizeOf(shape.slice(0, -2)) === 1);
    if (!isSingle) return stock(inputs, attributes, backend);
    if (!attributes.transposeA) return multiply(a, b, attributes.transposeB, backend);
    if (!attributes.transposeB) return multiplyTransposed(a, b, backend);
    const transposed = transpose(a, backend);
    const out = multiply(transposed, b, true, backend);
    backend.disposeData(transposed.dataId);
    return out;
  };
}

function multiply(a: tf.TensorInfo, b: tf.TensorInfo, transposeB: boolean, backend: WasmBackend): tf.TensorInfo {
  const [rows, inner] = a.shape.slice(-2) as [number, number];
  const columns = b.shape.at(transposeB ? -2 : -1)!;
  const out = backend.makeOutput([...batchOf(a, b), rows, columns], "float32");
  const factor = (transposeB ? transposedFactorOf : factorOf)(pointerOf(backend, b), inner, columns);
  product(backend, pointerOf(backend, a), factor, pointerOf(backend, out), { rows, bias: null, floor: -Infinity });
  return out;
}

/** Aᵀ·B. */
function multiplyTransposed(a: tf.TensorInfo, b: tf.TensorInfo, backend: WasmBackend): tf.TensorInfo {
  const [rows, m] = a.shape.slice(-2) as [number, number];
  const k = b.shape.at(-1)!;
  const out = backend.makeOutput([...batchOf(a, b), m, k], "float32");
  assembly().multiplyTransposed(
    ...[a, b].map((t) => pointerOf(backend, t)) as [number, number],
    rows,
    m,
    k,
    pointerOf(backend, out),
  );
  return out;
}

/** The leading axes, all 1. */
function batchOf({ shape: a }: tf.TensorInfo, { shape: b }: tf.TensorInfo): number[] {
  return (a.length > b.length ? a : b).slice(0, -2);
}

/** Swaps the last two axes with tfjs's own kernel; the caller disposes the result. */
function transpose(x: tf.TensorInfo, backend: WasmBackend): tf.TensorInfo {
  const perm = x.shape.map((_, axis) => axis);
  perm.push(...perm.splice(-2).reverse());
  return runKernel("Transpose", { x }, { perm }, backend);
}

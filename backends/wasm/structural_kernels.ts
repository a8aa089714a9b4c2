/** Kernels that only move values. tfjs's own copy whole tensors, or take them out of the heap and back. @module */

import * as tf from "@tensorflow/tfjs";
import { copyRun, heapOf, indexOf, share, sizeOf, type WasmBackend, type WasmKernel } from "./heap.ts";

/** Identity without a copy. */
export const identity: WasmKernel<"x"> = ({ x }, _, backend) => share(backend, x);

/** Cast without a copy where the type stays. */
export function cast(stock: WasmKernel<"x", tf.CastAttrs>): WasmKernel<"x", tf.CastAttrs> {
  return (inputs, attributes, backend) =>
    attributes.dtype === inputs.x.dtype ? share(backend, inputs.x) : stock(inputs, attributes, backend);
}

/** Slice of float32 tensors within the heap. */
export function slice(stock: WasmKernel<"x", tf.SliceAttrs>): WasmKernel<"x", tf.SliceAttrs> {
  return (inputs, attributes, backend) => {
    const { x } = inputs;
    if (x.dtype !== "float32" || x.shape.length === 0) return stock(inputs, attributes, backend);
    const [begin, size] = tf.slice_util.parseSliceParams(x as tf.Tensor, attributes.begin, attributes.size) as [
      number[],
      number[],
    ];
    const out = backend.makeOutput(size, x.dtype);
    const heap = heapOf(backend);
    const strides = tf.util.computeStrides(x.shape).concat(1);
    // Axes behind `last` are taken whole, so they and `last` itself are one contiguous run.
    let last = size.length - 1;
    while (last > 0 && size[last] === x.shape[last]) last--;
    const run = size[last]! * strides[last]!;
    let to = indexOf(backend, out);
    const copy = (axis: number, from: number): void => {
      const start = from + begin[axis]! * strides[axis]!;
      if (axis === last) {
        copyRun(heap, to, start, run);
        to += run;
        return;
      }
      for (let i = 0; i < size[axis]!; i++) copy(axis + 1, start + i * strides[axis]!);
    };
    if (sizeOf(size) > 0) copy(0, indexOf(backend, x));
    return out;
  };
}

/** Concat of float32 tensors within the heap; tfjs names the inputs "0", "1" and so on. */
export function concat(stock: WasmKernel<string, tf.ConcatAttrs>): WasmKernel<string, tf.ConcatAttrs> {
  return (inputs, attributes, backend) => {
    const parts = Object.values(inputs).filter(({ shape }) => sizeOf(shape) > 0);
    const [first] = parts;
    if (first === undefined || parts.some(({ dtype }) => dtype !== "float32")) {
      return stock(inputs, attributes, backend);
    }
    return concatRuns(parts, tf.util.parseAxisParam(attributes.axis, first.shape)[0]!, backend);
  };
}

function concatRuns(parts: readonly tf.TensorInfo[], axis: number, backend: WasmBackend): tf.TensorInfo {
  const shape = tf.backend_util.computeOutShape(parts.map((part) => part.shape), axis);
  const out = backend.makeOutput(shape, "float32");
  const heap = heapOf(backend);
  const outRun = sizeOf(shape.slice(axis));
  const runs = sizeOf(shape.slice(0, axis));
  let start = indexOf(backend, out);
  for (const part of parts) {
    const run = sizeOf(part.shape.slice(axis));
    const from = indexOf(backend, part);
    for (let i = 0; i < runs; i++) copyRun(heap, start + i * outRun, from + i * run, run);
    start += run;
  }
  return out;
}

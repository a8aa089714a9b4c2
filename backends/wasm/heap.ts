/** The little that our kernels use of tfjs's wasm backend: tensors are runs of float32 on one heap, addressed by index.
 *  @module */

import * as tf from "@tensorflow/tfjs";

/** The part of tfjs's wasm backend that our kernels call. */
export interface WasmBackend {
  readonly wasm: { readonly HEAPF32: Float32Array };
  readonly dataIdMap: { get(dataId: object): { readonly memoryOffset: number } };
  makeOutput(shape: readonly number[], dtype: tf.DataType): tf.TensorInfo;
  incRef(dataId: object): void;
  disposeData(dataId: object): boolean;
}

/** A kernel with its tensors by name and its attributes as `Attributes`. */
export type WasmKernel<Inputs extends string, Attributes = unknown> = (
  inputs: Record<Inputs, tf.TensorInfo>,
  attributes: Attributes,
  backend: WasmBackend,
) => tf.TensorInfo;

/** The whole heap as float32. Fetch it again after every allocation: the heap moves when it grows. */
export function heapOf(backend: WasmBackend): Float32Array {
  return backend.wasm.HEAPF32;
}

/** Index into `heapOf` of a tensor's first element. */
export function indexOf(backend: WasmBackend, tensor: tf.TensorInfo): number {
  return backend.dataIdMap.get(tensor.dataId).memoryOffset >>> 2;
}

/** Byte address of a tensor's first element, for the functions of `assembly()`. Addresses stay when the heap grows. */
export function pointerOf(backend: WasmBackend, tensor: tf.TensorInfo): number {
  return backend.dataIdMap.get(tensor.dataId).memoryOffset;
}

/** A second name for the same values; tensors never change, so nothing is copied. */
export function share(backend: WasmBackend, tensor: tf.TensorInfo, shape = tensor.shape): tf.TensorInfo {
  backend.incRef(tensor.dataId);
  return { dataId: tensor.dataId, shape: [...shape], dtype: tensor.dtype };
}

/** Lends `use` the address of so many floats for as long as it runs. */
export function withScratch(backend: WasmBackend, floats: number, use: (pointer: number) => void): void {
  const scratch = backend.makeOutput([floats], "float32");
  try {
    use(pointerOf(backend, scratch));
  } finally {
    backend.disposeData(scratch.dataId);
  }
}

/** Number of elements of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, extent) => size * extent, 1);
}

/** Copies `length` floats within the heap; short runs are faster in a loop than through copyWithin. */
export function copyRun(heap: Float32Array, to: number, from: number, length: number): void {
  if (length >= 64) {
    heap.copyWithin(to, from, from + length);
  } else {
    for (let i = 0; i < length; i++) heap[to + i] = heap[from + i]!;
  }
}

/** Runs another kernel of the wasm backend by name; the caller disposes the result's data. */
export function runKernel(
  name: string,
  inputs: Record<string, tf.TensorInfo>,
  attrs: tf.NamedAttrMap,
  backend: WasmBackend,
): tf.TensorInfo {
  return tf.getKernel(name, "wasm").kernelFunc({ inputs, attrs, backend }) as tf.TensorInfo;
}

/** Kernels of our own under names of our own, beside tfjs's: the engine tracks their tensors and finds their gradients as
 *  for any op. @module */

import * as tf from "@tensorflow/tfjs";
import type { WasmBackend } from "./heap.ts";

/** Tensors by name, as a kernel gets them; one that was left out is undefined. */
export type KernelInputs = Readonly<Record<string, tf.TensorInfo>>;

/** Registers a kernel with attributes of type `Attributes`; it makes its outputs with `backend.makeOutput`. */
export function defineKernel<Attributes>(
  kernelName: string,
  kernel: (inputs: KernelInputs, attributes: Attributes, backend: WasmBackend) => tf.TensorInfo | tf.TensorInfo[],
): void {
  tf.registerKernel({
    kernelName,
    backendName: "wasm",
    kernelFunc: ({ inputs, attrs, backend }) =>
      kernel(inputs as Record<string, tf.TensorInfo>, attrs as Attributes, backend as WasmBackend),
  });
}

/** Sign without a dead zone: tfjs's wasm kernel gives 0 for every |x| below 2^-23, larger than most input gradients of a
 *  confidently classified image. @module */

import { heapOf, indexOf, sizeOf, type WasmKernel } from "./heap.ts";

/** Sign of float32 tensors, -1, 0 or 1; 0 for what is not a number. */
export function sign(stock: WasmKernel<"x">): WasmKernel<"x"> {
  return (inputs, attributes, backend) => {
    const { x } = inputs;
    if (x.dtype !== "float32") return stock(inputs, attributes, backend);
    const out = backend.makeOutput(x.shape, x.dtype);
    const heap = heapOf(backend);
    const size = sizeOf(x.shape), from = indexOf(backend, x), to = indexOf(backend, out);
    for (let i = 0; i < size; i++) {
      const value = heap[from + i]!;
      heap[to + i] = value > 0 ? 1 : value < 0 ? -1 : 0;
    }
    return out;
  };
}

/** The gradient of 2x2 max pooling with stride 2. Ties give the whole gradient to the first maximum in row-major order,
 *  as PyTorch and tfjs's cpu backend do. @module */

import * as tf from "@tensorflow/tfjs";
import { heapOf, indexOf, type WasmBackend, type WasmKernel } from "./heap.ts";

type PoolingInputs = "dy" | "input" | "output";

/** MaxPoolGrad for cells that do not overlap; tfjs's own kernel does the rest. */
export function maxPoolGrad(
  stock: WasmKernel<PoolingInputs, tf.MaxPoolGradAttrs>,
): WasmKernel<PoolingInputs, tf.MaxPoolGradAttrs> {
  return (inputs, attributes, backend) => {
    const { filterSize, strides, pad, dimRoundingMode } = attributes;
    const shape = inputs.input.shape as [number, number, number, number];
    const info = tf.backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
    const isTwoByTwo = [info.filterHeight, info.filterWidth, info.strideHeight, info.strideWidth].every((n) => n === 2);
    const { top, bottom, left, right } = info.padInfo;
    if (!isTwoByTwo || top + bottom + left + right > 0) return stock(inputs, attributes, backend);
    return spread(inputs.dy, inputs.input, info, backend);
  };
}

function spread(
  dy: tf.TensorInfo,
  input: tf.TensorInfo,
  { batchSize, inHeight, inWidth, outHeight, outWidth, inChannels }: tf.backend_util.Conv2DInfo,
  backend: WasmBackend,
): tf.TensorInfo {
  const out = backend.makeOutput(input.shape, "float32");
  const heap = heapOf(backend);
  const rowSize = inWidth * inChannels;
  const shift = indexOf(backend, out) - indexOf(backend, input);
  let from = indexOf(backend, dy);
  heap.fill(0, indexOf(backend, out), indexOf(backend, out) + batchSize * inHeight * rowSize);
  for (let image = 0; image < batchSize; image++) {
    for (let row = 0; row < outHeight; row++) {
      let cell = indexOf(backend, input) + (image * inHeight + 2 * row) * rowSize;
      for (let column = 0; column < outWidth; column++, cell += 2 * inChannels) {
        for (let i = cell; i < cell + inChannels; i++) {
          let first = i;
          if (heap[i + inChannels]! > heap[first]!) first = i + inChannels;
          if (heap[i + rowSize]! > heap[first]!) first = i + rowSize;
          if (heap[i + rowSize + inChannels]! > heap[first]!) first = i + rowSize + inChannels;
          heap[first + shift] = heap[from++]!;
        }
      }
    }
  }
  return out;
}

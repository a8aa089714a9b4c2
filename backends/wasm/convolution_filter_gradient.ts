/** Conv2DBackpropFilter from matrix products: ∂L/∂W = Σ over images of columns · dy, where row (tap, channel) of
 *  `columns` holds what that tap saw of that channel at every output position. Images are taken in chunks, so that a
 *  chunk's columns stay in the cache; their sums are added in order, so the bits do not depend on anything else.
 *  @module */

import * as tf from "@tensorflow/tfjs";
import { columnsInside, type Geometry } from "./convolution_geometry.ts";
import { copyRun, heapOf, indexOf, multiply, runKernel, share, type WasmBackend, type WasmKernel } from "./heap.ts";

/** Output positions per chunk. */
const CHUNK_POSITIONS = 2048;

/** ∂L/∂filter of a convolution, any stride and padding, dilation 1. */
export const conv2dBackpropFilter: WasmKernel<"x" | "dy", tf.Conv2DBackpropFilterAttrs> = (
  { x, dy },
  { filterShape, strides, pad, dimRoundingMode },
  backend,
) => {
  const shape = x.shape as [number, number, number, number];
  const geometry = tf.backend_util.computeConv2DInfo(shape, filterShape, strides, 1, pad, dimRoundingMode);
  const positions = geometry.outHeight * geometry.outWidth;
  const chunk = Math.max(1, Math.round(CHUNK_POSITIONS / positions));
  const total = backend.makeOutput(filterShape, "float32");
  const size = tf.util.sizeFromShape(filterShape);
  for (let image = 0; image < geometry.batchSize; image += chunk) {
    const images = Math.min(chunk, geometry.batchSize - image);
    const columns = columnsOf(x, image, images, geometry, backend);
    const gradients = rowsOf(dy, image, images, positions * geometry.outChannels, backend);
    const matrix = share(backend, gradients, [images * positions, geometry.outChannels]);
    const part = multiply(columns, matrix, backend);
    addTo(heapOf(backend), indexOf(backend, total), indexOf(backend, part), size, image === 0);
    for (const used of [columns, gradients, matrix, part]) backend.disposeData(used.dataId);
  }
  return total;
};

function addTo(heap: Float32Array, total: number, part: number, size: number, isFirst: boolean): void {
  if (isFirst) {
    copyRun(heap, total, part, size);
  } else {
    for (let i = 0; i < size; i++) heap[total + i]! += heap[part + i]!;
  }
}

/** Some images' gradients in memory of their own: XNNPACK keeps what it packs by tensor. */
function rowsOf(dy: tf.TensorInfo, image: number, images: number, size: number, backend: WasmBackend): tf.TensorInfo {
  const flat = share(backend, dy, [dy.shape[0]!, size]);
  const rows = runKernel("Slice", { x: flat }, { begin: [image, 0], size: [images, size] }, backend);
  backend.disposeData(flat.dataId);
  return rows;
}

/** `[filterHeight · filterWidth · inChannels, images · outHeight · outWidth]` of some images. */
function columnsOf(
  x: tf.TensorInfo,
  image: number,
  images: number,
  geometry: Geometry,
  backend: WasmBackend,
): tf.TensorInfo {
  const { inHeight, inWidth, inChannels, filterHeight, filterWidth, outHeight, outWidth } = geometry;
  const pixels = images * inHeight * inWidth;
  const planes = backend.makeOutput([inChannels, pixels], "float32");
  const columns = backend.makeOutput(
    [filterHeight * filterWidth * inChannels, images * outHeight * outWidth],
    "float32",
  );
  const heap = heapOf(backend);
  const from = indexOf(backend, x) + image * inHeight * inWidth * inChannels;
  splitChannels(heap, from, indexOf(backend, planes), pixels, inChannels);
  let to = indexOf(backend, columns);
  for (let i = 0; i < filterHeight; i++) {
    for (let j = 0; j < filterWidth; j++) {
      for (let plane = 0; plane < inChannels * images; plane++, to += outHeight * outWidth) {
        copyTap(heap, indexOf(backend, planes) + plane * inHeight * inWidth, to, i, j, geometry);
      }
    }
  }
  backend.disposeData(planes.dataId);
  return columns;
}

/** From `[pixels, channels]` to `[channels, pixels]`. */
function splitChannels(heap: Float32Array, from: number, to: number, pixels: number, channels: number): void {
  for (let pixel = 0; pixel < pixels; pixel++) {
    for (let c = 0, target = to + pixel; c < channels; c++, target += pixels) heap[target] = heap[from++]!;
  }
}

/** What tap (i, j) sees of one plane at each output position; zeros in the padding. */
function copyTap(heap: Float32Array, plane: number, to: number, i: number, j: number, geometry: Geometry): void {
  const { inHeight, inWidth, outHeight, outWidth, strideHeight, strideWidth, padInfo: { top, left } } = geometry;
  const [first, end] = columnsInside(j, geometry);
  for (let row = 0; row < outHeight; row++, to += outWidth) {
    const y = row * strideHeight + i - top;
    if (y < 0 || y >= inHeight) {
      heap.fill(0, to, to + outWidth);
      continue;
    }
    const line = plane + y * inWidth + j - left;
    for (let column = 0; column < first; column++) heap[to + column] = 0;
    for (let column = first; column < end; column++) heap[to + column] = heap[line + column * strideWidth]!;
    for (let column = end; column < outWidth; column++) heap[to + column] = 0;
  }
}

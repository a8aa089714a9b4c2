/** Conv2DBackpropInput from forward products. With input position y, tap i and output position o, a convolution pairs
 *  y + before = stride·o + i. So the inputs y ≡ phase (mod stride) meet only the taps i ≡ phase + before, and their
 *  gradient is a plain stride-1 convolution of dy with those taps reversed and the channel axes swapped. @module */

import * as tf from "@tensorflow/tfjs";
import { columnsInside, type Geometry } from "./convolution_geometry.ts";
import { copyRun, heapOf, indexOf, multiply, runKernel, share, type WasmBackend, type WasmKernel } from "./heap.ts";

/** Below this, a convolution's tile of 8 output channels is mostly idle, and one product with all taps is faster. */
const FEW_CHANNELS = 4;

/** ∂L/∂x of a convolution, any stride and padding, dilation 1. */
export const conv2dBackpropInput: WasmKernel<"dy" | "filter", tf.Conv2DBackpropInputAttrs> = (
  { dy, filter },
  { inputShape, strides, pad, dimRoundingMode },
  backend,
) => {
  const filterShape = filter.shape as [number, number, number, number];
  const geometry = tf.backend_util.computeConv2DInfo(inputShape, filterShape, strides, 1, pad, dimRoundingMode);
  if (geometry.inChannels <= FEW_CHANNELS) return addTaps(dy, filter, geometry, backend);
  if (geometry.strideHeight === 1 && geometry.strideWidth === 1) {
    const [rows, columns] = phaseOf(geometry, 0, 0);
    return phaseGradient(dy, filter, rows, columns, geometry, backend);
  }
  const out = backend.makeOutput(geometry.inShape, "float32");
  const start = indexOf(backend, out);
  heapOf(backend).fill(0, start, start + tf.util.sizeFromShape(out.shape)); // some inputs may meet no tap
  for (let i = 0; i < geometry.strideHeight; i++) {
    for (let j = 0; j < geometry.strideWidth; j++) {
      const [rows, columns] = phaseOf(geometry, i, j);
      if (isEmpty(rows) || isEmpty(columns)) continue;
      const part = phaseGradient(dy, filter, rows, columns, geometry, backend);
      interleave(part, out, rows, columns, geometry, backend);
      backend.disposeData(part.dataId);
    }
  }
  return out;
};

/** Along one axis: a phase's inputs and taps, and how dy is cropped and padded so that they align. */
interface AxisPhase {
  readonly phase: number;
  readonly stride: number;
  /** Inputs of this phase. */
  readonly extent: number;
  readonly firstTap: number;
  readonly taps: number;
  /** First row or column of dy that meets an input, and how many do. */
  readonly begin: number;
  readonly size: number;
  /** Zeros before and after those. */
  readonly padding: [number, number];
}

function phaseOf(geometry: Geometry, row: number, column: number): [AxisPhase, AxisPhase] {
  const { strideHeight, strideWidth, filterHeight, filterWidth, inHeight, inWidth, outHeight, outWidth } = geometry;
  const { top, left } = geometry.padInfo;
  return [
    axisPhase(row, strideHeight, filterHeight, top, inHeight, outHeight),
    axisPhase(column, strideWidth, filterWidth, left, inWidth, outWidth),
  ];
}

function axisPhase(
  phase: number,
  stride: number,
  kernel: number,
  pad: number,
  input: number,
  output: number,
): AxisPhase {
  const firstTap = (phase + pad) % stride;
  const taps = Math.ceil((kernel - firstTap) / stride);
  const extent = Math.ceil((input - phase) / stride);
  const before = taps - 1 - (phase + pad - firstTap) / stride; // negative: so many are cropped
  const after = extent + taps - 1 - output - before;
  const begin = Math.max(0, -before);
  const size = output + Math.min(0, after) - begin;
  return { phase, stride, extent, firstTap, taps, begin, size, padding: [Math.max(0, before), Math.max(0, after)] };
}

function isEmpty({ extent, taps, size }: AxisPhase): boolean {
  return extent <= 0 || taps <= 0 || size <= 0;
}

/** The gradient of one phase's inputs, `[batch, rows.extent, columns.extent, inChannels]`. */
function phaseGradient(
  dy: tf.TensorInfo,
  filter: tf.TensorInfo,
  rows: AxisPhase,
  columns: AxisPhase,
  geometry: Geometry,
  backend: WasmBackend,
): tf.TensorInfo {
  const reversed = reverseTaps(filter, rows, columns, geometry, backend);
  const cropped = crop(dy, rows, columns, geometry, backend);
  const pad: tf.backend_util.ExplicitPadding = [[0, 0], rows.padding, columns.padding, [0, 0]];
  const inputs = { x: cropped, filter: reversed };
  const part = runKernel("Conv2D", inputs, { strides: 1, pad, dataFormat: "NHWC", dilations: 1 }, backend);
  backend.disposeData(reversed.dataId);
  backend.disposeData(cropped.dataId);
  return part;
}

function crop(dy: tf.TensorInfo, rows: AxisPhase, columns: AxisPhase, geometry: Geometry, backend: WasmBackend) {
  const { batchSize, outHeight, outWidth, outChannels } = geometry;
  if (rows.size === outHeight && columns.size === outWidth) return share(backend, dy);
  const begin = [0, rows.begin, columns.begin, 0];
  const size = [batchSize, rows.size, columns.size, outChannels];
  return runKernel("Slice", { x: dy }, { begin, size }, backend);
}

/** The filter's taps of one phase in reverse order, `[taps, taps, out, in]`. */
function reverseTaps(
  filter: tf.TensorInfo,
  rows: AxisPhase,
  columns: AxisPhase,
  { filterWidth, inChannels, outChannels }: Geometry,
  backend: WasmBackend,
): tf.TensorInfo {
  const reversed = backend.makeOutput([rows.taps, columns.taps, outChannels, inChannels], "float32");
  const heap = heapOf(backend);
  const start = indexOf(backend, filter);
  let to = indexOf(backend, reversed);
  for (let i = rows.taps - 1; i >= 0; i--) {
    for (let j = columns.taps - 1; j >= 0; j--) {
      const tap = (rows.firstTap + i * rows.stride) * filterWidth + columns.firstTap + j * columns.stride;
      for (let k = 0; k < outChannels; k++) {
        let from = start + tap * inChannels * outChannels + k;
        for (let c = 0; c < inChannels; c++, from += outChannels) heap[to++] = heap[from]!;
      }
    }
  }
  return reversed;
}

/** Writes one phase's gradient to its places in the whole. */
function interleave(
  part: tf.TensorInfo,
  out: tf.TensorInfo,
  rows: AxisPhase,
  columns: AxisPhase,
  { batchSize, inHeight, inWidth, inChannels }: Geometry,
  backend: WasmBackend,
): void {
  const heap = heapOf(backend);
  let from = indexOf(backend, part);
  for (let image = 0; image < batchSize; image++) {
    for (let row = rows.phase; row < inHeight; row += rows.stride) {
      const line = indexOf(backend, out) + (image * inHeight + row) * inWidth * inChannels;
      for (let column = columns.phase; column < inWidth; column += columns.stride, from += inChannels) {
        copyRun(heap, line + column * inChannels, from, inChannels);
      }
    }
  }
}

/** dy times all taps at once, `[batch · outHeight · outWidth, taps · inChannels]`, each product then added in place. */
function addTaps(dy: tf.TensorInfo, filter: tf.TensorInfo, geometry: Geometry, backend: WasmBackend): tf.TensorInfo {
  const { batchSize, outHeight, outWidth, outChannels, filterHeight, filterWidth, inChannels } = geometry;
  const taps = filterHeight * filterWidth * inChannels;
  const matrix = share(backend, filter, [taps, outChannels]);
  const transposed = runKernel("Transpose", { x: matrix }, { perm: [1, 0] }, backend);
  const pixels = share(backend, dy, [batchSize * outHeight * outWidth, outChannels]);
  const products = multiply(pixels, transposed, backend);
  const out = backend.makeOutput(geometry.inShape, "float32");
  addProducts(heapOf(backend), indexOf(backend, products), indexOf(backend, out), geometry);
  for (const used of [matrix, transposed, pixels, products]) backend.disposeData(used.dataId);
  return out;
}

function addProducts(heap: Float32Array, products: number, out: number, geometry: Geometry): void {
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, filterHeight, filterWidth } = geometry;
  const { strideHeight, strideWidth, padInfo: { top, left } } = geometry;
  heap.fill(0, out, out + batchSize * inHeight * inWidth * inChannels);
  const outPixel = filterHeight * filterWidth * inChannels;
  const inStep = strideWidth * inChannels;
  for (let image = 0; image < batchSize; image++) {
    for (let row = 0; row < outHeight; row++) {
      for (let i = 0; i < filterHeight; i++) {
        const y = row * strideHeight + i - top;
        if (y < 0 || y >= inHeight) continue;
        const line = out + (image * inHeight + y) * inWidth * inChannels;
        const from = products + (image * outHeight + row) * outWidth * outPixel + i * filterWidth * inChannels;
        for (let j = 0; j < filterWidth; j++) {
          const [first, end] = columnsInside(j, geometry);
          for (let c = 0; c < inChannels; c++) {
            let to = line + (first * strideWidth + j - left) * inChannels + c;
            let product = from + first * outPixel + j * inChannels + c;
            for (let column = first; column < end; column++, to += inStep, product += outPixel) {
              heap[to]! += heap[product]!;
            }
          }
        }
      }
    }
  }
}

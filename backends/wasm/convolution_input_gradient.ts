/** ∂L/∂x of a convolution. With input position y, tap i and output position o, a convolution pairs y + before = stride·o + i.
 *  So the inputs y ≡ phase (mod stride) meet only the taps i ≡ phase + before, and their gradient is a stride-1
 *  convolution of dy with those taps reversed and the channel axes swapped. @module */

import * as tf from "@tensorflow/tfjs";
import { convolve, type Filter, filterOf, type Images, targetOf } from "./convolution.ts";
import { pointerOf, sizeOf, type WasmBackend, type WasmKernel, withScratch } from "./heap.ts";
import { assembly } from "./module.ts";
import { GROUP_TILES, planesOf, type Products, spreadsTiles, winogradSide, workOf } from "./winograd_tiles.ts";

/** Up to here, sums over dy's channels fill registers better than the input's few channels would. */
const FEW_CHANNELS = 4;

/** ∂L/∂x of a convolution, any stride and padding, dilation 1. */
export const conv2dBackpropInput: WasmKernel<"dy" | "filter", tf.Conv2DBackpropInputAttrs> = (
  { dy, filter },
  { inputShape, strides, pad, dimRoundingMode },
  backend,
) => {
  const filterShape = filter.shape as [number, number, number, number];
  const geometry = tf.backend_util.computeConv2DInfo(inputShape, filterShape, strides, 1, pad, dimRoundingMode);
  const out = backend.makeOutput(inputShape, "float32");
  const { strideHeight, strideWidth, inChannels, outChannels } = geometry;
  if (strideHeight !== strideWidth) {
    throw new RangeError(`Cannot differentiate a convolution of strides ${strides}: they must be equal`);
  }
  const pointers = [dy, filter, out].map((tensor) => pointerOf(backend, tensor)) as [number, number, number];
  if (inChannels <= FEW_CHANNELS && outChannels % 4 === 0 && strideHeight === 1) {
    fewChannels(pointers, geometry);
  } else if (isSpread(geometry)) {
    spread(pointers, geometry, backend);
  } else {
    everyPhase(pointers, geometry, backend);
  }
  if (winogradSide(productsOf(geometry)) !== null) clearUnreached(pointers, geometry, backend);
  return out;
};

type Geometry = tf.backend_util.Conv2DInfo;

function fewChannels([dy, filter, out]: readonly [number, number, number], geometry: Geometry): void {
  const { batchSize, inHeight, inWidth, inChannels, filterHeight, filterWidth, padInfo } = geometry;
  const { outHeight, outWidth, outChannels } = geometry;
  assembly().fewChannelsInputGradient(
    dy,
    batchSize,
    outHeight,
    outWidth,
    outChannels,
    filter,
    filterHeight,
    filterWidth,
    inChannels,
    out,
    inHeight,
    inWidth,
    padInfo.top,
    padInfo.left,
  );
}

function productsOf(g: Geometry): Products {
  return {
    rows: g.filterHeight,
    columns: g.filterWidth,
    stride: g.strideHeight,
    inner: g.outChannels,
    outer: g.inChannels,
    summed: g.outChannels,
    height: g.inHeight,
    width: g.inWidth,
  };
}

function isSpread(g: Geometry): boolean {
  return spreadsTiles(productsOf(g), g.outHeight, g.outWidth);
}

/** Puts back the exact zeros that Winograd's method lost. */
function clearUnreached([dy, , out]: readonly [number, number, number], g: Geometry, backend: WasmBackend): void {
  withScratch(backend, Math.ceil(g.inHeight * g.inWidth / 4), (reached) => {
    const upstream = [g.outHeight, g.outWidth, g.outChannels] as const;
    const inputs = [g.inHeight, g.inWidth, g.inChannels] as const;
    const filter = [g.filterHeight, g.filterWidth, g.padInfo.top, g.padInfo.left] as const;
    assembly().clearUnreached(dy, g.batchSize, ...upstream, out, ...inputs, ...filter, reached);
  });
}

function spread([dy, filter, out]: readonly [number, number, number], g: Geometry, backend: WasmBackend): void {
  const { inChannels, outChannels, padInfo } = g;
  const { rowStep, columnStep, innerStep, outerStep } = filterOf(filter, g.filterShape);
  const work = workOf(4, outChannels, inChannels);
  withScratch(backend, work + planesOf(4) * (inChannels * outChannels + 16), (scratch) => {
    const packed = scratch + 4 * work;
    assembly().packWinograd(
      filter,
      packed,
      4,
      rowStep,
      columnStep,
      outChannels,
      outerStep,
      inChannels,
      innerStep,
      scratch,
    );
    assembly().winogradInputGradient(
      dy,
      g.batchSize,
      g.outHeight,
      g.outWidth,
      outChannels,
      packed,
      out,
      g.inHeight,
      g.inWidth,
      inChannels,
      padInfo.top,
      padInfo.left,
      GROUP_TILES,
      scratch,
    );
  });
}

function everyPhase(
  [dy, filter, out]: readonly [number, number, number],
  geometry: Geometry,
  backend: WasmBackend,
): void {
  const { batchSize, inHeight, inWidth, inChannels, filterHeight, filterWidth, padInfo } = geometry;
  const { outHeight, outWidth, outChannels, strideHeight: stride } = geometry;
  const images: Images = { pointer: dy, count: batchSize, height: outHeight, width: outWidth };
  const whole = filterOf(filter, [filterHeight, filterWidth, inChannels, outChannels]);
  const { imageStep, rowStep, pixelStep } = targetOf(out, inHeight, inWidth, inChannels);
  if (Math.min(filterHeight, filterWidth) < stride) assembly().fillZeros(out, sizeOf(geometry.inShape)); // some meet no tap
  for (let i = 0; i < stride; i++) {
    const rows = axisPhase(i, stride, filterHeight, padInfo.top, inHeight);
    for (let j = 0; j < stride; j++) {
      const columns = axisPhase(j, stride, filterWidth, padInfo.left, inWidth);
      if (Math.min(rows.extent, rows.taps, columns.extent, columns.taps) <= 0) continue;
      const target = {
        pointer: out + i * rowStep + j * pixelStep,
        height: rows.extent,
        width: columns.extent,
        imageStep,
        rowStep: stride * rowStep,
        pixelStep: stride * pixelStep,
      };
      const ends = { top: rows.before, left: columns.before, bias: null, floor: -Infinity };
      const placement = { ...ends, stride: 1, largestTile: 4 } as const;
      convolve(backend, images, reversedTaps(whole, rows, columns, stride), target, placement);
    }
  }
}

/** Along one axis: a phase's inputs, its taps, and how many positions of dy before its first one the last tap sees. */
interface AxisPhase {
  readonly extent: number;
  readonly firstTap: number;
  readonly taps: number;
  readonly before: number;
}

function axisPhase(phase: number, stride: number, kernel: number, pad: number, input: number): AxisPhase {
  const firstTap = (phase + pad) % stride;
  const taps = Math.ceil((kernel - firstTap) / stride);
  const extent = Math.ceil((input - phase) / stride);
  return { extent, firstTap, taps, before: taps - 1 - (phase + pad - firstTap) / stride };
}

/** A phase's taps, last first, with the channel axes swapped. */
function reversedTaps(whole: Filter, rows: AxisPhase, columns: AxisPhase, stride: number): Filter {
  const lastRow = rows.firstTap + (rows.taps - 1) * stride, lastColumn = columns.firstTap + (columns.taps - 1) * stride;
  return {
    pointer: whole.pointer + lastRow * whole.rowStep + lastColumn * whole.columnStep,
    rows: rows.taps,
    columns: columns.taps,
    rowStep: -stride * whole.rowStep,
    columnStep: -stride * whole.columnStep,
    inner: whole.outer,
    innerStep: whole.outerStep,
    outer: whole.inner,
    outerStep: whole.innerStep,
  };
}

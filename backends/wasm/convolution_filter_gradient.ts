/** ∂L/∂filter of a convolution, summed over the batch in shard order. @module */

import * as tf from "@tensorflow/tfjs";
import { pointerOf, type WasmBackend, type WasmKernel, withScratch } from "./heap.ts";
import { assembly } from "./module.ts";
import { sumShards } from "./shard_tree.ts";
import { teamInUse } from "./team_in_use.ts";
import { GROUP_TILES, planesOf, winogradSide } from "./winograd_tiles.ts";

/** Floats of x and dy that are taken at once by the direct method: they should stay in the nearest cache. */
const BAND_FLOATS = 10000;

/** Tiles of 4x4 in a shard from which on they are faster than four times as many of 2x2. */
const LEAST_LARGE_TILES = 16;

type Geometry = tf.backend_util.Conv2DInfo;

/** ∂L/∂filter of a convolution, any stride and padding, dilation 1. */
export const conv2dBackpropFilter: WasmKernel<"x" | "dy", tf.Conv2DBackpropFilterAttrs> = (
  { x, dy },
  { filterShape, strides, pad, dimRoundingMode },
  backend,
) => {
  const shape = x.shape as [number, number, number, number];
  const geometry = tf.backend_util.computeConv2DInfo(shape, filterShape, strides, 1, pad, dimRoundingMode);
  if (geometry.strideHeight !== geometry.strideWidth) {
    throw new RangeError(`Cannot differentiate a convolution of strides ${strides}: they must be equal`);
  }
  const bounds = teamInUse().shardBounds(geometry.batchSize);
  const { inHeight, inWidth, inChannels, outHeight, outWidth, outChannels } = geometry;
  const image = 4 * inHeight * inWidth * inChannels, dyImage = 4 * outHeight * outWidth * outChannels;
  return sumShards(bounds, filterShape, backend, (first, end, to) => {
    const images = pointerOf(backend, x) + first * image, gradients = pointerOf(backend, dy) + first * dyImage;
    const side = sideOf(geometry, end - first);
    if (side === null) directly(backend, geometry, images, gradients, end - first, to);
    else overTiles(backend, geometry, side, images, gradients, end - first, to);
  });
};

/** Tiles for a shard of `count` images. Their products are summed over tiles, in groups, so that the number of channels makes
 *  no difference to rounding; of few tiles, the sums' 36 planes would cost more than the products. */
function sideOf(g: Geometry, count: number): 2 | 4 | null {
  const side = winogradSide({
    rows: g.filterHeight,
    columns: g.filterWidth,
    stride: g.strideHeight,
    inner: g.inChannels,
    outer: g.outChannels,
    summed: 0,
    height: g.outHeight,
    width: g.outWidth,
  });
  const tiles = count * Math.ceil(g.outHeight / 4) * Math.ceil(g.outWidth / 4);
  return side === 4 && tiles < LEAST_LARGE_TILES ? 2 : side;
}

function overTiles(backend: WasmBackend, g: Geometry, side: 2 | 4, x: number, dy: number, count: number, to: number) {
  const { inChannels, outChannels } = g;
  const tiles = (GROUP_TILES + 1) * (inChannels + outChannels + 64);
  withScratch(backend, planesOf(side) * (tiles + inChannels * outChannels) + 256, (scratch) => {
    assembly().winogradFilterGradient(
      x,
      dy,
      count,
      g.inHeight,
      g.inWidth,
      inChannels,
      g.outHeight,
      g.outWidth,
      outChannels,
      to,
      g.padInfo.top,
      g.padInfo.left,
      side,
      GROUP_TILES,
      scratch,
    );
  });
}

function directly(backend: WasmBackend, g: Geometry, x: number, dy: number, count: number, to: number): void {
  const { strideHeight: stride, filterHeight, filterWidth } = g;
  const height = (g.outHeight - 1) * stride + filterHeight, width = (g.outWidth - 1) * stride + filterWidth;
  const rowFloats = stride * width * g.inChannels + g.outWidth * g.outChannels;
  const overlap = (filterHeight - stride) * width * g.inChannels;
  const band = Math.min(g.outHeight, Math.max(1, Math.floor((BAND_FLOATS - overlap) / rowFloats)));
  withScratch(backend, height * width * g.inChannels, (scratch) => {
    assembly().filterGradient(
      x,
      dy,
      count,
      g.inHeight,
      g.inWidth,
      g.inChannels,
      g.outHeight,
      g.outWidth,
      g.outChannels,
      to,
      filterHeight,
      filterWidth,
      stride,
      g.padInfo.top,
      g.padInfo.left,
      height,
      width,
      band,
      scratch,
    );
  });
}

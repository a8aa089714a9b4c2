/** Convolutions of images in memory with a filter in memory, in whatever order its taps and channels lie: what a forward
 *  pass and an input gradient have in common. @module */

import { type WasmBackend, withScratch } from "./heap.ts";
import { type Factor, placeBias, product, roundToPanels, TILE_FLOATS } from "./matrix_product.ts";
import { assembly } from "./module.ts";
import { GROUP_TILES, planesOf, winogradSide, workOf } from "./winograd_tiles.ts";

/** Floats of images that are convolved with one panel of the filter before the next is fetched. */
const GROUP_FLOATS = 65536;

/** A filter anywhere in memory; `inner` are the channels that it sums over. Steps are in bytes and may be negative. */
export interface Filter extends Factor {
  readonly rows: number;
  readonly columns: number;
  readonly rowStep: number;
  readonly columnStep: number;
}

/** Images `[count, height, width, channels]`. */
export interface Images {
  readonly pointer: number;
  readonly count: number;
  readonly height: number;
  readonly width: number;
}

/** Where outputs go, one image after the other; steps in bytes. */
export interface Target {
  readonly pointer: number;
  readonly height: number;
  readonly width: number;
  readonly imageStep: number;
  readonly rowStep: number;
  readonly pixelStep: number;
}

/** Output (y, x) sees the pixels from (y·stride − top, x·stride − left) on. */
export interface Placement {
  readonly stride: number;
  readonly top: number;
  readonly left: number;
  /** Address, or null. */
  readonly bias: number | null;
  /** The least output: 0 for ReLU. */
  readonly floor: number;
  /** See {@linkcode winogradSide}. */
  readonly largestTile: 2 | 4;
}

/** A filter `[height, width, in, out]` as a forward pass uses it. */
export function filterOf(pointer: number, [rows, columns, inner, outer]: readonly number[]): Filter {
  const innerStep = 4 * outer!, columnStep = inner! * innerStep, rowStep = columns! * columnStep;
  return {
    pointer,
    rows: rows!,
    columns: columns!,
    rowStep,
    columnStep,
    inner: inner!,
    innerStep,
    outer: outer!,
    outerStep: 4,
  };
}

/** Images one after the other, `[count, height, width, channels]`. */
export function targetOf(pointer: number, height: number, width: number, channels: number): Target {
  const pixelStep = 4 * channels, rowStep = width * pixelStep;
  return { pointer, height, width, imageStep: height * rowStep, rowStep, pixelStep };
}

/** max(floor, images ∗ filter + bias). An image's result does not depend on the others. */
export function convolve(backend: WasmBackend, x: Images, filter: Filter, out: Target, placement: Placement): void {
  const isWhole = out.pixelStep === 4 * filter.outer && out.rowStep === out.width * out.pixelStep;
  const isSameSize = out.height === x.height && out.width === x.width;
  if (isWhole && isSameSize && isMatrixProduct(filter, placement)) {
    const rows = x.count * out.height * out.width;
    product(backend, x.pointer, filter, out.pointer, { rows, bias: placement.bias, floor: placement.floor });
    return;
  }
  const products = { ...filter, ...placement, ...out, summed: filter.inner };
  const side = isWhole ? winogradSide(products, placement.largestTile) : null;
  if (side === null) convolveDirectly(backend, x, filter, out, placement);
  else convolveTiles(backend, x, filter, out, placement, side);
}

function isMatrixProduct({ rows, columns }: Filter, { stride, top, left }: Placement): boolean {
  return rows === 1 && columns === 1 && stride === 1 && top === 0 && left === 0;
}

function convolveTiles(
  backend: WasmBackend,
  x: Images,
  filter: Filter,
  out: Target,
  placement: Placement,
  side: 2 | 4,
): void {
  const { inner, innerStep, outer, outerStep, rowStep, columnStep } = filter;
  const packedFloats = planesOf(side) * (inner * outer + 16), work = workOf(side, inner, outer);
  withScratch(backend, work + outer + packedFloats, (scratch) => {
    const bias = scratch + 4 * work, packed = bias + 4 * outer;
    placeBias(backend, placement.bias, outer, bias);
    assembly().packWinograd(
      filter.pointer,
      packed,
      side,
      rowStep,
      columnStep,
      inner,
      innerStep,
      outer,
      outerStep,
      scratch,
    );
    assembly().winogradConvolve(
      x.pointer,
      x.count,
      x.height,
      x.width,
      inner,
      packed,
      bias,
      out.pointer,
      out.height,
      out.width,
      outer,
      placement.top,
      placement.left,
      placement.floor,
      side,
      GROUP_TILES,
      scratch,
    );
  });
}

function convolveDirectly(backend: WasmBackend, x: Images, filter: Filter, out: Target, placement: Placement): void {
  const { rows, columns, rowStep, columnStep, inner, innerStep, outer, outerStep } = filter;
  const { stride, top, left, floor } = placement;
  const lineWidth = Math.max(x.width, (out.width - 1) * stride + columns);
  const image = x.height * lineWidth * inner, panels = roundToPanels(outer);
  const group = Math.min(x.count, Math.max(1, Math.floor(GROUP_FLOATS / image)));
  const work = TILE_FLOATS + group * image;
  withScratch(backend, work + panels * (1 + rows * columns * inner), (scratch) => {
    const bias = scratch + 4 * work, packed = bias + 4 * panels;
    placeBias(backend, placement.bias, outer, bias);
    assembly().packPanels(
      filter.pointer,
      packed,
      rows,
      columns,
      rowStep,
      columnStep,
      inner,
      innerStep,
      outer,
      outerStep,
    );
    assembly().convolve(
      x.pointer,
      x.count,
      x.height,
      x.width,
      inner,
      packed,
      rows,
      columns,
      bias,
      out.pointer,
      out.height,
      out.width,
      outer,
      out.imageStep,
      out.rowStep,
      out.pixelStep,
      stride,
      top,
      left,
      floor,
      group,
      scratch,
    );
  });
}

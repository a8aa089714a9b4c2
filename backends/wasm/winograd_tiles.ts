/** Where Winograd's method is used for 3x3 convolutions, and over which tiles: measured, as kernels_bench.ts shows.
 *  @module */

/** Tiles that are taken at once: a multiple of both the blocks of 5 and of 6, few enough to stay in the cache. */
export const GROUP_TILES = 30;

/** Below this many channels on either side, the transforms cost more than they save. */
const LEAST_CHANNELS = 16;

/** With tiles of 4x4, rounding errors grow with the channels that are summed: 6e-6 of the largest output at 512. */
const MOST_SUMMED_CHANNELS = 256;

/** Of 4x4 tiles' larger transforms and errors against fewer products. */
const LARGE_TILE_COST = 1.25;

/** Of adding overlapping tiles. */
const SPREADING_COST = 1.1;

/** What decides; `summed` are the channels that products sum over, 0 where they sum over tiles. */
export interface Products {
  readonly rows: number;
  readonly columns: number;
  readonly stride: number;
  /** Channels in and out: multiples of 4 and 8 where they fill registers. */
  readonly inner: number;
  readonly outer: number;
  readonly summed: number;
  /** Extent of the outputs. */
  readonly height: number;
  readonly width: number;
}

/**
 * Side of the tiles, or null where the direct method is used; the same for every batch.
 *
 * A forward pass may take tiles of 2x2 at most. There, neighbours with equal patches get equal bits, since the differences
 * that tell them apart are exact zeros, and the tiles are the cells of max pooling: on clean MNIST ties are common, and the
 * gradient must go to the first of equals. Tiles of 4x4 break ties at random: 3 to 5 % of an FGSM image's pixels changed.
 */
export function winogradSide(products: Products, largest: 2 | 4 = 4): 2 | 4 | null {
  const { rows, columns, stride, inner, outer, summed, height, width } = products;
  if (rows !== 3 || columns !== 3 || stride !== 1 || Math.min(height, width) < 2) return null;
  if (Math.min(inner, outer) < LEAST_CHANNELS || inner % 4 !== 0 || outer % 8 !== 0) return null;
  if (largest === 2 || summed > MOST_SUMMED_CHANNELS) return 2;
  return costOf(4, height, width) < costOf(2, height, width) ? 4 : 2;
}

/** Whether an input gradient should go over 4x4 tiles of dy, whose extent is `height` x `width`, and not of inputs. */
export function spreadsTiles(products: Products, height: number, width: number): boolean {
  const side = winogradSide(products);
  return side !== null && products.summed <= MOST_SUMMED_CHANNELS &&
    SPREADING_COST * costOf(4, height, width) < costOf(side, products.height, products.width);
}

/** Products of all planes, weighed. */
function costOf(side: 2 | 4, height: number, width: number): number {
  const tiles = Math.ceil(height / side) * Math.ceil(width / side);
  return tiles * planesOf(side) * (side === 4 ? LARGE_TILE_COST : 1);
}

/** Floats of scratch for a group of transformed tiles, in and out. */
export function workOf(side: 2 | 4, inner: number, outer: number): number {
  return planesOf(side) * (GROUP_TILES + 1) * (inner + outer + 32) + 256;
}

/** Planes of a transformed tile. */
export function planesOf(side: 2 | 4): number {
  return (side + 2) ** 2;
}

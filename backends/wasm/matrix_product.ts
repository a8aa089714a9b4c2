/** Matrix products A·B, A·Bᵀ and Aᵀ·B by our module. @module */

import { heapOf, type WasmBackend, withScratch } from "./heap.ts";
import { assembly } from "./module.ts";

/** Floats of A that are multiplied with one panel of B before the next is fetched: they should stay in the cache. */
const BAND_FLOATS = 32768;

/** Scratch of the register blocks, in floats. */
export const TILE_FLOATS = 48;

/** A factor anywhere in memory, as assembly/packing.ts reads it: `inner` is summed over. Steps are in bytes. */
export interface Factor {
  readonly pointer: number;
  readonly inner: number;
  readonly innerStep: number;
  readonly outer: number;
  readonly outerStep: number;
}

/** B of A·B, row-major `[inner, outer]`. */
export function factorOf(pointer: number, inner: number, outer: number): Factor {
  return { pointer, inner, innerStep: 4 * outer, outer, outerStep: 4 };
}

/** B of A·Bᵀ, row-major `[outer, inner]`. */
export function transposedFactorOf(pointer: number, inner: number, outer: number): Factor {
  return { pointer, inner, innerStep: 4, outer, outerStep: 4 * inner };
}

/** Channels in whole panels of 8. */
export function roundToPanels(channels: number): number {
  return (channels + 7) & ~7;
}

/** The least value that the activation lets through. */
export function floorOf(activation: "none" | "relu"): number {
  return activation === "relu" ? 0 : -Infinity;
}

/** Writes a bias of `channels` floats and zeros up to the next panel's end; all zeros where `bias` is null. */
export function placeBias(backend: WasmBackend, bias: number | null, channels: number, to: number): void {
  const heap = heapOf(backend);
  heap.fill(0, to >>> 2, (to >>> 2) + roundToPanels(channels));
  if (bias !== null) heap.copyWithin(to >>> 2, bias >>> 2, (bias >>> 2) + channels);
}

/** out = max(floor, A·B + bias), `[rows, b.outer]`, of A `[rows, b.inner]`; what is not in `options` is an address. */
export function product(
  backend: WasmBackend,
  a: number,
  b: Factor,
  out: number,
  options: { rows: number; bias: number | null; floor: number },
): void {
  const { pointer, inner, innerStep, outer, outerStep } = b;
  const { rows, bias, floor } = options;
  const panels = roundToPanels(outer);
  withScratch(backend, TILE_FLOATS + panels * (inner + 1), (scratch) => {
    const placed = scratch + 4 * TILE_FLOATS, packed = placed + 4 * panels;
    placeBias(backend, bias, outer, placed);
    assembly().packPanels(pointer, packed, 1, 1, 0, 0, inner, innerStep, outer, outerStep);
    const band = 24 * Math.max(1, Math.floor(BAND_FLOATS / inner / 24));
    assembly().multiply(a, rows, inner, packed, placed, out, outer, floor, band, scratch);
  });
}

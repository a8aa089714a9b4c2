/** The moves of the Square attack in L∞: Andriushchenko et al. 2020, arXiv:1912.00049, algorithm 2. Float32 where the public
 *  code is, so that the same draws give the same images. @module */

import type { RandomStream } from "../random/random.ts";
import { clip01 } from "./plain_batch.ts";
import { drawOffset, drawSign } from "./square_draws.ts";
import { type SquareSchedule, squareShare, squareSide } from "./square_schedule.ts";
import type { SquareMoves } from "./square_search.ts";

/** A window that a query changes: its first row and column, and 1 or −1 for each channel. */
export interface SquareWindow {
  readonly top: number;
  readonly left: number;
  readonly signs: ArrayLike<number>;
}

/** What one image of a search draws. */
export interface LinfDraws {
  /** 1 or −1 for each column and channel, `[width · channels]`: the start's vertical stripes. */
  stripes(): ArrayLike<number>;
  /** The window of a query with the given side; asked for in the order of queries. */
  window(query: number, side: number): SquareWindow;
}

/** An image's own draws from its stream. */
export function randomLinfDraws(stream: RandomStream, shape: readonly [number, number, number]): LinfDraws {
  const [height, width, channels] = shape;
  const signs = (count: number) => Array.from({ length: count }, () => drawSign(stream));
  return {
    stripes: () => signs(width * channels),
    window: (_query, side) => ({
      top: drawOffset(stream, height - side),
      left: drawOffset(stream, width - side),
      signs: signs(channels),
    }),
  };
}

/**
 * Moves for images around x: vertical stripes of ±ε, then squares that shift all their pixels by ±2ε, clipped to ±ε.
 *
 * @param x Clean images `[images · pixels]`.
 * @param draws Draws of each image.
 */
export function linfMoves(
  x: Float32Array,
  shape: readonly [number, number, number],
  epsilon: number,
  schedule: SquareSchedule,
  draws: readonly LinfDraws[],
): SquareMoves {
  const [height, width, channels] = shape;
  const line = width * channels, pixels = height * line;
  const radius = Math.fround(epsilon), shift = Math.fround(2 * epsilon);
  const sides = new Map<number, number>();
  const sideOf = (query: number): number => {
    const share = squareShare(query, schedule);
    if (!sides.has(share)) sides.set(share, squareSide(share, shape));
    return sides.get(share)!;
  };
  return {
    start(values, image) {
      const signs = draws[image]!.stripes();
      for (let i = 0; i < pixels; i++) values[i] = clip01(Math.fround(values[i]! + radius * signs[i % line]!));
    },
    change(values, image, query) {
      const side = sideOf(query);
      const { top, left, signs } = draws[image]!.window(query, side);
      for (let row = top; row < top + side; row++) {
        const begin = row * line + left * channels;
        for (let i = begin; i < begin + side * channels; i++) {
          const clean = x[image * pixels + i]!;
          const moved = Math.fround(values[i]! + shift * signs[(i - begin) % channels]!);
          const low = Math.fround(clean - radius), high = Math.fround(clean + radius);
          values[i] = clip01(Math.min(Math.max(moved, low), high));
        }
      }
    },
  };
}

/** The nearest point of a hyperplane inside the image box, in L∞ and L2: the projections of Croce and Hein 2020,
 *  arXiv:1907.02044, section 3.1. Sought is the shortest d with w·(x + d) = b and 0 ≤ x + d ≤ 1. Every coordinate moves to
 *  the side that w asks for, as far as its bound leaves room: |dᵢ| = min(ν, roomᵢ) in L∞, min(ν·|wᵢ|, roomᵢ) in L2 (the
 *  conditions of Karush, Kuhn and Tucker). So |w·d| = Σ aᵢ·min(ν, rᵢ), with a = |w|, r = room in L∞ and a = w²,
 *  r = room/|w| in L2: one concave function of ν, and one way to solve it for both norms.
 *
 *  The public code sorts the rᵢ and bisects. Newton's method from ν = 0 never overshoots a concave function, and ends on its
 *  linear piece exactly, without sorting (as Michelot 1986 does for the simplex). In L2 the public code also leaves
 *  coordinates with |w| ≤ 1e-8 where they are; here only w = 0 stays, so that the scale of w does not matter. @module */

import type { Norm } from "./attack.ts";

/** w·z = b. */
export interface Hyperplane {
  /** w, `[pixels]`. */
  readonly normal: Float32Array;
  /** b. */
  readonly offset: number;
}

/**
 * Writes into `step` the shortest move from `point`, in 0..1, to the hyperplane inside the box, and returns its length.
 * Where the box does not reach the hyperplane it is the move that comes closest, each coordinate with w ≠ 0 to its bound.
 */
export type HyperplaneProjection = (point: Float32Array, hyperplane: Hyperplane, step: Float32Array) => number;

/** The projection in a norm, for points of `pixels` coordinates; it keeps its working memory. */
export function hyperplaneProjection(norm: Norm, pixels: number): HyperplaneProjection {
  const weights = new Float64Array(pixels), limits = new Float64Array(pixels);
  const isLinf = norm === "linf";
  return (point, { normal, offset }, step) => {
    let excess = -offset;
    for (let i = 0; i < pixels; i++) excess += normal[i]! * point[i]!;
    const upIsPositive = excess < 0; // whether coordinates with w > 0 must grow
    let count = 0;
    for (let i = 0; i < pixels; i++) {
      const w = normal[i]!;
      if (w === 0) continue;
      const room = w > 0 === upIsPositive ? 1 - point[i]! : point[i]!;
      const size = Math.abs(w);
      weights[count] = isLinf ? size : size * size;
      limits[count] = isLinf ? room : room / size;
      count++;
    }
    const level = levelOf(Math.abs(excess), weights, limits, count);
    let largest = 0, squares = 0;
    for (let i = 0; i < pixels; i++) {
      const w = normal[i]!;
      if (w === 0) {
        step[i] = 0;
        continue;
      }
      const up = w > 0 === upIsPositive;
      const size = Math.min(isLinf ? level : level * Math.abs(w), up ? 1 - point[i]! : point[i]!);
      step[i] = up ? size : -size;
      largest = Math.max(largest, size);
      squares += size * size;
    }
    return isLinf ? largest : Math.sqrt(squares);
  };
}

/**
 * ν with Σ weightsᵢ·min(ν, limitsᵢ) = amount, over the first `count` entries; Infinity where the sum stays below or just
 * gets there. Overwrites both arrays: entries that have come to their limit are dropped.
 */
function levelOf(amount: number, weights: Float64Array, limits: Float64Array, count: number): number {
  let slope = 0;
  for (let i = 0; i < count; i++) slope += weights[i]!;
  while (count > 0) {
    const level = amount / slope;
    let kept = 0;
    slope = 0;
    for (let i = 0; i < count; i++) {
      const weight = weights[i]!, limit = limits[i]!;
      if (limit <= level) {
        amount -= weight * limit;
      } else {
        weights[kept] = weight;
        limits[kept] = limit;
        slope += weight;
        kept++;
      }
    }
    if (kept === count) return level;
    count = kept;
  }
  return Infinity;
}

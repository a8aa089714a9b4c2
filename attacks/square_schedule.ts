/** How large the squares of the Square attack are: Andriushchenko et al. 2020, arXiv:1912.00049, and the public
 *  code. @module */

/** The schedule's options. */
export interface SquareSchedule {
  /** Share of the image's pixels that the first squares change, in 0..1. */
  readonly p: number;
  readonly queries: number;
  /** Whether the schedule, made for 10,000 queries, is stretched or squeezed to `queries`. */
  readonly rescaleSchedule: boolean;
}

/** The share is halved after each of these queries, counted from 0. */
const HALVED_AFTER = [10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000];

/** Share of the image's pixels that a query changes. */
export function squareShare(query: number, { p, queries, rescaleSchedule }: SquareSchedule): number {
  const at = rescaleSchedule ? Math.floor(query / queries * 10_000) : query;
  return p / 2 ** HALVED_AFTER.filter((last) => at > last).length;
}

/** Side in pixels of a square that covers this share of an image, rounded half to even as the public code does. */
export function squareSide(share: number, [height, width, channels]: readonly [number, number, number]): number {
  const side = Math.sqrt(share * (height * width * channels) / channels);
  return Math.min(Math.max(roundHalfToEven(side), 1), height, width);
}

function roundHalfToEven(value: number): number {
  const below = Math.floor(value), rest = value - below;
  return rest < 0.5 || (rest === 0.5 && below % 2 === 0) ? below : below + 1;
}

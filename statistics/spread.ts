/** Median and range of a few numbers, as reports state them. @module */

import { max, median, min } from "simple-statistics";

/** What a handful of repeated measurements is summed up as. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** How many numbers it sums up. */
  readonly count: number;
}

/** Median of the values; of an even number of them the mean of the middle two. Infinity stands for "never happened", so
 *  the median is infinite where at least half of the values are.
 *  @throws {RangeError} where there is none, or one is not a number */
export function medianOf(values: readonly number[]): number {
  check(values);
  return median([...values]);
}

/** Median, smallest and largest value.
 *  @throws {RangeError} where there is none, or one is not a number */
export function spreadOf(values: readonly number[]): Spread {
  check(values);
  const copy = [...values];
  return { median: median(copy), min: min(copy), max: max(copy), count: copy.length };
}

function check(values: readonly number[]): void {
  if (values.length === 0) throw new RangeError("Cannot take the median of no values: give at least one");
  const at = values.findIndex((value) => Number.isNaN(value));
  if (at >= 0) throw new RangeError(`Cannot take the median: value ${at + 1} of ${values.length} is not a number`);
}

/** Mean and sample standard deviation of a few numbers, for statements over seeds. @module */

import { mean, sampleStandardDeviation } from "simple-statistics";

/** What a sample says of the mean it was drawn around. */
export interface SampleMean {
  readonly mean: number;
  /** With count - 1 in the denominator; null for a single value. */
  readonly deviation: number | null;
  readonly count: number;
}

/** Mean and sample standard deviation. @throws {RangeError} where there is no value, or one is not finite */
export function sampleMeanOf(values: readonly number[]): SampleMean {
  if (values.length === 0) throw new RangeError("Cannot take the mean of no values: give at least one");
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at >= 0) throw new RangeError(`Cannot take the mean: value ${at + 1} of ${values.length} is not finite`);
  const copy = [...values];
  return { mean: mean(copy), deviation: copy.length > 1 ? sampleStandardDeviation(copy) : null, count: copy.length };
}

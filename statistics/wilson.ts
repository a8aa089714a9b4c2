/** Sampling error of a counted share: the score interval of E. B. Wilson, "Probable inference, the law of succession, and
 *  statistical inference", Journal of the American Statistical Association 22 (1927), 209–212. Unlike p ± z·s it stays
 *  within 0..1 and is not empty at 0 or 1. With p = correct / count, n = count:
 *  (p + z²/2n ± z √(p(1 − p)/n + z²/4n²)) / (1 + z²/n). @module */

/** Normal quantile of a two-sided 95 % interval. */
const Z = 1.959964;

export interface Interval {
  readonly lower: number;
  readonly upper: number;
}

/** The 95 % interval of a share of which `correct` among `count` independent draws were seen. Both ends are in 0..1.
 *  @throws {RangeError} where count is no whole number from 1, or correct none from 0 to count */
export function wilsonInterval(correct: number, count: number): Interval {
  if (!Number.isSafeInteger(count) || count < 1) {
    throw new RangeError(`Cannot give an interval for a share of ${count}: the count must be a whole number from 1`);
  }
  if (!Number.isSafeInteger(correct) || correct < 0 || correct > count) {
    throw new RangeError(
      `Cannot give an interval for ${correct} of ${count}: the first must be a whole number from 0 to the second`,
    );
  }
  const share = correct / count;
  const scale = 1 + Z ** 2 / count;
  const centre = (share + Z ** 2 / (2 * count)) / scale;
  const half = Z * Math.sqrt(share * (1 - share) / count + (Z / (2 * count)) ** 2) / scale;
  // Rounding must not put an end on the wrong side of what was seen: 0 and 1 are their own ends exactly.
  return { lower: correct === 0 ? 0 : centre - half, upper: correct === count ? 1 : centre + half };
}

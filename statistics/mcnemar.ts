/** Whether two attacks differ on the same images: the exact test of Q. McNemar, "Note on the sampling error of the
 *  difference between correlated proportions or percentages", Psychometrika 12 (1947), 153–157. Only images whose outcomes
 *  differ count. If neither attack were stronger, each of these n = b + c would fall to either side like a fair coin, so
 *  p = min(1, 2 · Σ_{k ≤ min(b, c)} C(n, k) / 2ⁿ). @module */

/** The two-sided p of b images with one of the two mixed outcomes and c with the other; 1 where there are none.
 *  @throws {RangeError} where a count is no whole number from 0 */
export function mcnemar(b: number, c: number): number {
  for (const count of [b, c]) {
    if (!Number.isSafeInteger(count) || count < 0) {
      throw new RangeError(`Cannot compare outcomes that differ on ${count} images: expected a whole number from 0`);
    }
  }
  const n = b + c, few = Math.min(b, c);
  // The largest term first, as a logarithm, since 2ⁿ overflows; the others follow as ratios that fall below 1.
  let logLargest = -n * Math.LN2;
  for (let i = 1; i <= few; i++) logLargest += Math.log((n - few + i) / i);
  let sum = 0, term = 1;
  for (let k = few; k >= 0 && term > 0; k--) {
    sum += term;
    term *= k / (n - k + 1);
  }
  return Math.min(1, 2 * Math.exp(logLargest) * sum);
}

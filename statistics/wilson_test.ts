import assert from "node:assert/strict";
import fc from "fast-check";
import { wilsonInterval } from "./wilson.ts";

Deno.test("wilsonInterval() gives the known ends", () => {
  const known: [number, number, number, number][] = [
    [0, 10, 0, 0.2775],
    [5, 10, 0.2366, 0.7634],
    [10, 10, 0.7225, 1],
    [140, 200, 0.6332, 0.7593],
    [0, 1, 0, 0.7935],
  ];
  for (const [correct, count, lower, upper] of known) {
    const interval = wilsonInterval(correct, count);
    assert.equal(interval.lower.toFixed(4), lower.toFixed(4), `${correct} of ${count}`);
    assert.equal(interval.upper.toFixed(4), upper.toFixed(4), `${correct} of ${count}`);
  }
});

Deno.test("wilsonInterval() holds what was seen, stays within 0..1 and mirrors for the errors", () => {
  const counts = fc.integer({ min: 1, max: 100_000 }).chain((count) =>
    fc.tuple(fc.integer({ min: 0, max: count }), fc.constant(count))
  );
  fc.assert(
    fc.property(counts, ([correct, count]) => {
      const { lower, upper } = wilsonInterval(correct, count);
      assert.ok(0 <= lower && lower <= correct / count && correct / count <= upper && upper <= 1);
      assert.ok(lower < upper);
      const errors = wilsonInterval(count - correct, count);
      assert.ok(Math.abs(errors.lower - (1 - upper)) < 1e-12 && Math.abs(errors.upper - (1 - lower)) < 1e-12);
    }),
    { seed: 1, numRuns: 300 },
  );
});

Deno.test("wilsonInterval() narrows with more images", () => {
  const width = (correct: number, count: number) => {
    const { lower, upper } = wilsonInterval(correct, count);
    return upper - lower;
  };
  assert.ok(width(70, 100) > 1.9 * width(280, 400));
});

Deno.test("wilsonInterval() refuses no images and counts that cannot be", () => {
  assert.throws(() => wilsonInterval(0, 0), /^RangeError: Cannot give an interval for a share of 0: /);
  assert.throws(() => wilsonInterval(0, NaN), RangeError);
  assert.throws(() => wilsonInterval(1, 2.5), RangeError);
  assert.throws(() => wilsonInterval(3, 2), /^RangeError: Cannot give an interval for 3 of 2: /);
  assert.throws(() => wilsonInterval(-1, 2), RangeError);
  assert.throws(() => wilsonInterval(0.5, 2), RangeError);
});

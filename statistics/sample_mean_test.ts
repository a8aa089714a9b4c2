import assert from "node:assert/strict";
import fc from "fast-check";
import { sampleMeanOf } from "./sample_mean.ts";

Deno.test("sampleMeanOf() divides squares by one less than their number", () => {
  assert.deepEqual(sampleMeanOf([2, 4, 6]), { mean: 4, deviation: 2, count: 3 });
  assert.deepEqual(sampleMeanOf([0.5]), { mean: 0.5, deviation: null, count: 1 });
});

Deno.test("sampleMeanOf() moves and scales with its values", () => {
  const values = fc.array(fc.integer({ min: -100, max: 100 }), { minLength: 2, maxLength: 10 });
  fc.assert(
    fc.property(values, fc.integer({ min: -9, max: 9 }), (sample, shift) => {
      const [plain, moved] = [sampleMeanOf(sample), sampleMeanOf(sample.map((value) => 3 * value + shift))];
      assert.ok(Math.abs(moved.mean - 3 * plain.mean - shift) < 1e-9);
      assert.ok(Math.abs(moved.deviation! - 3 * plain.deviation!) < 1e-9);
    }),
    { seed: 1, numRuns: 100 },
  );
});

Deno.test("sampleMeanOf() refuses no values and values that are not finite", () => {
  assert.throws(() => sampleMeanOf([]), /RangeError: Cannot take the mean of no values/);
  assert.throws(() => sampleMeanOf([1, Infinity]), /RangeError: .*value 2 of 2 is not finite/);
});

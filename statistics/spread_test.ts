import assert from "node:assert/strict";
import fc from "fast-check";
import { medianOf, spreadOf } from "./spread.ts";

Deno.test("medianOf() is the middle value, or the mean of the middle two", () => {
  assert.equal(medianOf([7]), 7);
  assert.equal(medianOf([9, 1, 4]), 4);
  assert.equal(medianOf([9, 1, 4, 5]), 4.5);
});

Deno.test("medianOf() is infinite where at least half of the values are", () => {
  assert.equal(medianOf([1, Infinity, 2]), 2);
  assert.equal(medianOf([1, Infinity, Infinity]), Infinity);
  assert.equal(medianOf([1, 2, Infinity, Infinity]), Infinity);
});

Deno.test("medianOf() has as many values below as above, in every order", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 30 }), (values) => {
      const before = [...values];
      const middle = medianOf(values);
      assert.deepEqual(values, before);
      assert.equal(medianOf([...values].reverse()), middle);
      const half = values.length / 2;
      assert.ok(values.filter((v) => v < middle).length <= half);
      assert.ok(values.filter((v) => v > middle).length <= half);
    }),
    { seed: 1, numRuns: 200 },
  );
});

Deno.test("spreadOf() gives median, range and count", () => {
  assert.deepEqual(spreadOf([3, 1, 2]), { median: 2, min: 1, max: 3, count: 3 });
});

Deno.test("spreadOf() refuses no values and values that are not numbers", () => {
  assert.throws(() => spreadOf([]), /RangeError: Cannot take the median of no values/);
  assert.throws(() => medianOf([1, NaN]), /RangeError: .*value 2 of 2 is not a number/);
});

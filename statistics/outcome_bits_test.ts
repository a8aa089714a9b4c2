import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeOutcomes, encodeOutcomes } from "./outcome_bits.ts";

Deno.test("decodeOutcomes() gives back what encodeOutcomes() wrote", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 1 }), { maxLength: 70 }), (outcomes) => {
      assert.deepEqual([...decodeOutcomes(encodeOutcomes(outcomes), outcomes.length)], outcomes);
    }),
    { seed: 1 },
  );
});

Deno.test("encodeOutcomes() puts the first image into the lowest bit of the first byte", () => {
  assert.equal(encodeOutcomes([1, 0, 0, 0, 0, 0, 0, 0, 0, 1]), "0102");
});

Deno.test("decodeOutcomes() refuses a text that is too short", () => {
  assert.throws(() => decodeOutcomes("ff", 9), RangeError);
});

import assert from "node:assert/strict";
import { rankedTargets } from "./fab_boundaries.ts";

Deno.test("rankedTargets() leaves the label out and puts the largest logit first, ties by index", () => {
  const logits = Float32Array.of(0, 3, 1, 2, /**/ 5, 5, 4, 5, /**/ -1, -2, -3, 9);
  const ranked = rankedTargets(logits, Int32Array.of(1, 1, 0), 4);
  assert.deepEqual(ranked.map((classes) => [...classes]), [[3, 2, 0], [0, 3, 2], [3, 1, 2]]);
});

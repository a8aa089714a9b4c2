import assert from "node:assert/strict";
import { canonicalHash, canonicalJson, firstDifference } from "./canonical.ts";

Deno.test("canonicalJson() does not depend on the order of keys", () => {
  assert.equal(canonicalJson({ b: [1, { d: 2, c: 3 }], a: null }), '{"a":null,"b":[1,{"c":3,"d":2}]}');
  assert.equal(canonicalHash({ a: 1, b: 2 }), canonicalHash({ b: 2, a: 1 }));
  assert.notEqual(canonicalHash({ a: 1 }), canonicalHash({ a: 2 }));
});

Deno.test("firstDifference() names the first key that differs", () => {
  const suite = { name: "quick", runs: [{ epochs: 1 }, { epochs: 2 }] };
  assert.equal(firstDifference(suite, structuredClone(suite)), undefined);
  assert.equal(firstDifference(suite, { ...suite, runs: [{ epochs: 1 }, { epochs: 3 }] }), "runs.1.epochs");
  assert.equal(firstDifference(suite, { name: "quick" }), "runs");
});

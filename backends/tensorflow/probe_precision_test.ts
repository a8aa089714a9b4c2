import assert from "node:assert/strict";
import { precisionOf } from "./probe_precision.ts";

Deno.test("precisionOf() tells float32, tf32 and bfloat16 apart by what they round away", () => {
  const fine = 1 + 2 ** -12, medium = 1 + 2 ** -9;
  assert.equal(precisionOf([fine, medium]), "f32");
  assert.equal(precisionOf([1, medium]), "tf32");
  assert.equal(precisionOf([1, 1]), "bf16");
  assert.equal(precisionOf([fine, 1]), null);
  assert.equal(precisionOf([NaN, NaN]), null);
});

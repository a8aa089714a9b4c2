import assert from "node:assert/strict";
import { attackOf } from "./attack_of.ts";

Deno.test("attackOf() finds the file's own keys and nothing that every object has", () => {
  const attack = { name: "pgd-20", label: "PGD-20", resolved: {} };
  assert.equal(attackOf({ attacks: { toString: attack } }, "toString"), attack);
  assert.equal(attackOf({ attacks: {} }, "toString"), undefined);
  assert.equal(attackOf({ attacks: {} }, "__proto__"), undefined);
});

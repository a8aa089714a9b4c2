import assert from "node:assert/strict";
import type { ThreatModel } from "./attack.ts";
import { autoattackCustom, autoattackPlus, autoattackRand, autoattackStandard, fastTier } from "./autoattack.ts";

const LINF: ThreatModel = { norm: "linf", epsilon: 8 / 255 };

/** Stages with the options that decide their strength. */
function stagesOf(attack: ReturnType<typeof autoattackStandard.create>) {
  return attack.stages!.map(({ name, resolved }) => {
    const of = (option: string) => resolved[option] === undefined ? [] : [`${option} ${resolved[option]}`];
    return [name, ...["steps", "queries", "restarts", "targets", "eotSamples"].flatMap(of)].join(", ");
  });
}

Deno.test("AutoAttack's versions are the public code's", () => {
  assert.deepEqual(stagesOf(autoattackStandard.create(LINF, [])), [
    "apgd-ce, steps 100, restarts 1, eotSamples 1",
    "apgd-t, steps 100, restarts 1, targets 9, eotSamples 1",
    "fab-t, steps 100, restarts 1, targets 9",
    "square, queries 5000, restarts 1",
  ]);
  assert.deepEqual(stagesOf(autoattackPlus.create(LINF, [])), [
    "apgd-ce, steps 100, restarts 5, eotSamples 1",
    "apgd-dlr, steps 100, restarts 5, eotSamples 1",
    "fab, steps 100, restarts 5",
    "square, queries 5000, restarts 1",
    "apgd-t, steps 100, restarts 1, targets 9, eotSamples 1",
    "fab-t, steps 100, restarts 1, targets 9",
  ]);
  assert.deepEqual(stagesOf(autoattackRand.create(LINF, [])), [
    "apgd-ce, steps 100, restarts 1, eotSamples 20",
    "apgd-dlr, steps 100, restarts 1, eotSamples 20",
  ]);
  assert.deepEqual(stagesOf(fastTier.create(LINF, [])), [
    "apgd-ce, steps 100, restarts 1, eotSamples 1",
    "apgd-t, steps 100, restarts 1, targets 9, eotSamples 1",
  ]);
});

Deno.test("AutoAttack's budget for an image that survives is the public code's", () => {
  const { passes, forwards } = autoattackStandard.create(LINF, []);
  assert.equal(passes, 101 + 909 + 900);
  assert.ok(forwards >= 5900 && forwards < 5900 * 1.02, `${forwards} forward passes`);
});

Deno.test("only what runs AutoAttack's stages with their defaults is called AutoAttack", () => {
  assert.equal(
    autoattackStandard.create(LINF, []).label,
    "AutoAttack standard, L∞ ε=8/255 (apgd-ce, apgd-t, fab-t, square)",
  );
  assert.equal(fastTier.create(LINF, []).label, "APGD-CE+T, L∞ ε=8/255 (apgd-ce, apgd-t)");
  const custom = autoattackCustom.create(LINF, [], { attacks: "square+apgd-dlr" });
  assert.equal(custom.label, "Ensemble of 2 attacks, L∞ ε=8/255 (square, apgd-dlr)");
  assert.deepEqual(custom.stages!.map(({ name }) => name), ["square", "apgd-dlr"]);
  for (const attacks of ["", "pgd-20", "apgd-ce,square", "apgd-ce+"]) {
    assert.throws(() => autoattackCustom.create(LINF, [], { attacks }), RangeError);
  }
  assert.throws(() => autoattackStandard.create(LINF, [], { restarts: 2 }), /it has no options/);
});

import assert from "node:assert/strict";
import { findAttack } from "../attacks/registry.ts";
import { encodeOutcomes } from "../statistics/outcome_bits.ts";
import { checkCount, checkCurve, checkRows } from "./outcome_checks.ts";
import type { RobustRow } from "./result.ts";

const THREAT = { norm: "linf", epsilon: 0.1 } as const, COUNT = 1000;

/** A row that leaves the first `correct` images correct. */
function row(attack: string, correct: number, stages?: RobustRow["stages"]): RobustRow {
  const flags = Uint8Array.from({ length: COUNT }, (_, i) => i < correct ? 1 : 0);
  return {
    ...{ attack, accuracy: correct / COUNT, correct, count: COUNT, seconds: 1, maxPerturbation: 0.1 },
    correctBits: encodeOutcomes(flags),
    ...(stages ? { stages } : {}),
  };
}

function codes(...rows: readonly RobustRow[]): string[] {
  const attacks = new Map(rows.map(({ attack }) => [attack, findAttack(attack, THREAT)]));
  const clean = { accuracy: 1, correct: COUNT, count: COUNT };
  return checkRows({ clean, robust: rows }, attacks).map(({ code }) => code);
}

/** AutoAttack whose Square took so many images from those before it. */
function autoattack(bySquare: number): RobustRow {
  const stage = (name: string, attacked: number, correct: number) => ({
    ...{ name, label: name, attacked, correct, seconds: 1 },
  });
  return row("autoattack", 500 - bySquare, [stage("apgd-ce", 900, 500), stage("square", 500, 500 - bySquare)]);
}

Deno.test("checkRows() warns where Square finds more than 0.2 % behind the attacks by gradients", () => {
  assert.deepEqual(codes(autoattack(3)), ["black-box-stronger"]);
  assert.deepEqual(codes(autoattack(2)), []);
});

Deno.test("checkRows() warns where Square alone is significantly stronger than the strongest attack by gradients", () => {
  assert.deepEqual(codes(row("fgsm", 700), row("pgd-20", 600), row("square", 590)), ["black-box-stronger"]);
  assert.deepEqual(codes(row("fgsm", 700), row("pgd-20", 600), row("square", 650)), []);
  assert.deepEqual(codes(row("pgd-20", 600), row("square", 597)), [], "three images may be chance");
  assert.deepEqual(codes(row("square", 590)), [], "nothing to compare with");
});

Deno.test("checkRows() warns where random noise is significantly stronger than an attack by gradients", () => {
  assert.deepEqual(codes(row("uniform-noise", 500), row("pgd-20", 550)), ["noise-stronger"]);
  assert.deepEqual(codes(row("gaussian-noise", 500), row("apgd-ce", 550)), ["noise-stronger"]);
  assert.deepEqual(codes(row("uniform-noise", 548), row("pgd-20", 550)), []);
  assert.deepEqual(codes(row("uniform-noise", 900), row("pgd-20", 550)), []);
});

Deno.test("checkRows() warns where more steps leave significantly more images correct", () => {
  assert.deepEqual(codes(row("pgd-20", 500), row("pgd-50", 550)), ["more-steps-weaker"]);
  assert.deepEqual(codes(row("pgd-50", 550), row("pgd-20", 500)), ["more-steps-weaker"], "in any order");
  assert.deepEqual(codes(row("pgd-20", 500), row("pgd-50", 502)), []);
  assert.deepEqual(codes(row("pgd-20", 500), row("pgd-50", 400)), []);
});

Deno.test("checkCurve() warns where a large radius in L∞ is withstood, once an attack", () => {
  const attacks = new Map(["pgd-20", "fgsm"].map((name) => [name, findAttack(name, THREAT)]));
  const point = (attack: string, epsilon: number, correct: number) => ({
    ...{ attack, epsilon, accuracy: correct / COUNT, correct, count: COUNT },
  });
  const found = (...points: ReturnType<typeof point>[]) => checkCurve(points, attacks).map(({ code }) => code);
  assert.deepEqual(found(point("pgd-20", 0.5, 11), point("pgd-20", 0.6, 11)), ["large-epsilon-withstood"]);
  assert.deepEqual(found(point("pgd-20", 0.5, 10), point("pgd-20", 0.4, 500)), []);
  assert.deepEqual(found(point("fgsm", 0.5, 500)), [], "one step may overshoot");
});

Deno.test("checkCount() warns below 1,000 images", () => {
  assert.deepEqual([checkCount(999).length, checkCount(1000).length], [1, 0]);
});

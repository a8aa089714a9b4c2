import assert from "node:assert/strict";
import type { ThreatModel } from "./attack.ts";
import { attacks, findAttack } from "./registry.ts";
import { formatThreatModel } from "./threat_model.ts";

const LINF: ThreatModel = { norm: "linf", epsilon: 0.3 };

Deno.test("findAttack() reads numbers from the name", () => {
  assert.equal(findAttack("pgd-40", LINF, { stepSize: 0.01 }).resolved["steps"], 40);
  assert.equal(findAttack("fgsm", LINF).name, "fgsm");
});

Deno.test("findAttack() says what it expected and what is close", () => {
  const known = `expected one of ${
    attacks.map(({ name, example }) => name === example ? name : `${name} (for example ${example})`).join(", ")
  }`;
  const cases = [
    ["pdg-40", `Cannot find attack "pdg-40": ${known}; did you mean "pgd-40"?`],
    ["pgd", `Cannot find attack "pgd": ${known}`],
    ["pgd-4.5", `Cannot find attack "pgd-4.5": ${known}; did you mean "pgd-20"?`],
    ["squares", `Cannot find attack "squares": ${known}; did you mean "square"?`],
    ["", `Cannot find attack "": ${known}`],
  ] as const;
  for (const [name, message] of cases) assert.throws(() => findAttack(name, LINF), new RangeError(message));
  assert.throws(() => findAttack("pgd-0", LINF), /Cannot run PGD with 0 steps: expected an integer of at least 1/);
});

Deno.test("findAttack() refuses as an option what the name says already", () => {
  assert.throws(
    () => findAttack("pgd-5", { norm: "linf", epsilon: 0.1 }, { steps: 3 }),
    /^RangeError: Cannot set option "steps" of attack "pgd-5"/,
  );
});

Deno.test("formatThreatModel() writes ε as people do", () => {
  const cases = [[0.3, "0.3"], [8 / 255, "8/255"], [0.2, "0.2"], [0.031, "0.031"], [1 / 3, "85/255"], [
    0.1 / 7,
    "0.0142857",
  ]];
  for (const [epsilon, text] of cases) {
    assert.equal(formatThreatModel({ norm: "linf", epsilon: Number(epsilon) }), `L∞ ε=${text}`);
  }
  assert.equal(formatThreatModel({ norm: "l2", epsilon: 2 }), "L2 ε=2");
});

import assert from "node:assert/strict";
import type { OptionValues } from "../models/options.ts";
import { findMethod, methods } from "./registry.ts";

const refused: [string, OptionValues, string][] = [
  [
    "yopo-5",
    {},
    'Cannot read method "yopo-5" from --method: expected yopo-M-N with whole numbers from 1 to 1000, for example yopo-5-3',
  ],
  [
    "pgd-0",
    {},
    'Cannot read method "pgd-0" from --method: expected pgd-K with whole numbers from 1 to 1000, for example pgd-5',
  ],
  [
    "pgd-1001",
    {},
    'Cannot read method "pgd-1001" from --method: expected pgd-K with whole numbers from 1 to 1000, for example pgd-5',
  ],
  [
    "fsgm",
    {},
    'Cannot read method "fsgm" from --method: expected fgsm, fgsm-rs, free-M, natural, pgd-K, trades-K, trades-yopo-M-N, yopo-M-N; did you mean "fgsm"?',
  ],
  [
    "trades-yopo-2",
    {},
    'Cannot read method "trades-yopo-2" from --method: expected trades-yopo-M-N with whole numbers from 1 to 1000, for example trades-yopo-5-3',
  ],
  [
    "trades",
    {},
    'Cannot read method "trades" from --method: expected trades-K with whole numbers from 1 to 1000, for example trades-5',
  ],
  [
    "free-8",
    { epsilon: 0.1, stepSize: 0.1 },
    'Cannot set option "stepSize" of method "free-8": expected epsilon, variant',
  ],
  [
    "trades-10",
    { epsilon: 0.1, beta: -1 },
    'Cannot set option "beta" of method "trades-10" to -1: expected a number from 0 to 1000000',
  ],
  [
    "",
    {},
    'Cannot read method "" from --method: expected fgsm, fgsm-rs, free-M, natural, pgd-K, trades-K, trades-yopo-M-N, yopo-M-N',
  ],
  ["pgd-5", {}, 'Cannot use method "pgd-5" without epsilon: give a number above 0, at most 1'],
  [
    "pgd-5",
    { epsilon: 8 },
    'Cannot set option "epsilon" of method "pgd-5" to 8: expected a number above 0, at most 1',
  ],
  [
    "fgsm",
    { epsilon: 0.1, stepsize: 0.1 },
    'Cannot set option "stepsize" of method "fgsm": expected epsilon, attackMode',
  ],
  [
    "fgsm-rs",
    { epsilon: 0.1, stepsize: 0.1 },
    'Cannot set option "stepsize" of method "fgsm-rs": expected epsilon, stepSize, attackMode; did you mean "stepSize"?',
  ],
  ["natural", { epsilon: 0.1 }, 'Cannot set option "epsilon" of method "natural": it has no options'],
  [
    "yopo-5-3",
    { epsilon: 0.1, variant: "Paper" },
    'Cannot set option "variant" of method "yopo-5-3" to "Paper": expected "paper" or "official" or "official-torch1"',
  ],
  [
    "yopo-5-3",
    { epsilon: 0.1, update: "gradient" },
    'Cannot use method "yopo-5-3" with update "gradient" without stepSize: p·∇f0 has no natural scale; give stepSize',
  ],
];

for (const [name, options, message] of refused) {
  Deno.test(`findMethod() refuses "${name}" with ${JSON.stringify(options)}`, () => {
    assert.throws(() => findMethod(name, options, "--method"), { name: "RangeError", message });
  });
}

const labels: [string, OptionValues, string][] = [
  ["natural", {}, "natural"],
  ["fgsm", { epsilon: 8 / 255 }, "FGSM, L∞ ε=8/255"],
  ["fgsm-rs", { epsilon: 0.2 }, "FGSM-RS, L∞ ε=0.2, α=0.25"],
  ["pgd-40", { epsilon: 0.3, stepSize: 0.01 }, "PGD-40, L∞ ε=0.3, α=0.01"],
  [
    "pgd-5",
    { epsilon: 0.2, objective: "adversarial + clean", start: "uniform, unclipped", attackMode: "training" },
    "PGD-5, L∞ ε=0.2, α=0.1, start not clipped, with clean loss, attacked in training mode",
  ],
  ["yopo-5-10", { epsilon: 0.3, stepSize: 0.01 }, "YOPO-5-10, L∞ ε=0.3, α=0.01"],
  [
    "yopo-5-10",
    { epsilon: 0.3, stepSize: 2, update: "gradient", variant: "official-torch1" },
    "YOPO-5-10, L∞ ε=0.3, α=2, steps along p·∇f0, first layer as in the public code (torch 1)",
  ],
  [
    "yopo-5-3",
    { epsilon: 8 / 255, stepSize: 2 / 255, passMode: "evaluation", statisticsPass: false },
    "YOPO-5-3, L∞ ε=8/255, α=2/255, full passes in evaluation mode, no pass for the statistics alone",
  ],
  ["free-8", { epsilon: 8 / 255 }, "Free-8, L∞ ε=8/255"],
  ["free-8", { epsilon: 8 / 255, variant: "fast" }, "Free-8, L∞ ε=8/255, δ clipped to the image box"],
  ["trades-10", { epsilon: 0.2 }, "TRADES-10, L∞ ε=0.2, α=0.05, β=6"],
  [
    "trades-yopo-2-5",
    { epsilon: 0.031, stepSize: 0.007, attackMode: "training" },
    "TRADES-YOPO-2-5, L∞ ε=0.031, α=0.007, β=1, attacked in training mode",
  ],
];

for (const [name, options, label] of labels) {
  Deno.test(`findMethod() labels ${name} with ${JSON.stringify(options)} by what it does`, () => {
    assert.equal(findMethod(name, options).label, label);
  });
}

Deno.test("findMethod() resolves every option, derived ones too", () => {
  assert.deepEqual(findMethod("yopo-5-5", { epsilon: 0.5 }).resolved, {
    epsilon: 0.5,
    stepSize: 0.05,
    variant: "paper",
    update: "sign",
    passMode: "training",
    statisticsPass: true,
  });
});

Deno.test("methods are sorted by pattern", () => {
  const patterns = methods.map(({ pattern }) => pattern);
  assert.deepEqual(patterns, patterns.toSorted());
});

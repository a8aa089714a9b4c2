import assert from "node:assert/strict";
import type { Result, RunRecord } from "../bench/result.ts";
import { sampleWithPaper } from "./_sample_paper.ts";
import { type Claim, judge, paperClaims, type Verdict } from "./paper_claims.ts";

function claimOf(result: Result, run: string, quantity: string): Claim {
  const claim = paperClaims(result).find((other) => other.run === run && other.quantity === quantity);
  assert.ok(claim, `${run}, ${quantity}`);
  return claim;
}

const codesOf = ({ reasons }: Claim) => reasons.map(({ code }) => code);

function withRuns(change: (run: RunRecord) => RunRecord, label = "yopo-5-3"): Result {
  const result = sampleWithPaper();
  return { ...result, runs: result.runs.map((run) => run.label === label ? change(run) : run) };
}

function withConfig(change: Partial<RunRecord["config"]>): Result {
  return withRuns((run) => ({ ...run, config: { ...run.config, ...change } }));
}

function withSuite(change: Partial<Result["suite"]>): Result {
  const result = sampleWithPaper();
  return { ...result, suite: { ...result.suite, ...change } };
}

function withOptimizer(change: object): Result {
  return withRuns((run) => ({
    ...run,
    config: { ...run.config, optimizer: { ...run.config.optimizer, ...change } as typeof run.config.optimizer },
  }));
}

Deno.test("judge() confirms within a point or two standard deviations of the mean, whichever is more", () => {
  const table: [number, (number | null)[], Verdict][] = [
    [0.96, [0.95, 0.95, 0.95], "confirmed"],
    [0.9601, [0.95, 0.95, 0.95], "not confirmed"],
    [0.94, [0.95, 0.95, 0.95], "confirmed"],
    [0.9399, [0.95, 0.95, 0.95], "not confirmed"],
    // Standard deviation 0.02.
    [0.99, [0.93, 0.95, 0.97], "confirmed"],
    [0.9901, [0.93, 0.95, 0.97], "not confirmed"],
    [0.95, [0.95, 0.95, null], "not confirmed"],
    [0.95, [null, null, null], "not confirmed"],
    [0.95, [0.95, 0.95], "not comparable"],
    [0.95, [], "not comparable"],
  ];
  for (const [published, values, verdict] of table) {
    const claim = judge({ run: "a", quantity: "clean", unit: "fraction", published }, values, []);
    assert.equal(claim.verdict, verdict, `${published} against ${values.join(", ")}`);
    assert.deepEqual(codesOf(claim), verdict === "not comparable" ? ["few seeds"] : []);
  }
});

Deno.test("judge() never compares where there is a reason, and names each once", () => {
  const reason = { code: "scaled" as const, detail: "epochs × 0.5" };
  const claim = judge({ run: "a", quantity: "clean", unit: "fraction", published: 0.9 }, [0.9, 0.9, 0.9], [
    reason,
    reason,
  ]);
  assert.deepEqual([claim.verdict, claim.reasons, claim.measured?.mean], ["not comparable", [reason], 0.9]);
});

Deno.test("paperClaims() compares what has the paper's data, network, attack and schedule", () => {
  const claims = paperClaims(sampleWithPaper());
  const verdicts = claims.map(({ run, quantity, verdict }) => `${run}, ${quantity}: ${verdict}`);
  assert.deepEqual(verdicts.slice(0, 9), [
    "pgd-7, clean: confirmed",
    "pgd-7, PGD-50: confirmed",
    "pgd-7, CW: not comparable",
    "pgd-7, minutes: not comparable",
    "yopo-5-3, clean: not confirmed",
    "yopo-5-3, PGD-50: confirmed",
    "yopo-5-3, CW: not comparable",
    "yopo-5-3, minutes: not comparable",
    "yopo-5-3, part of pgd-7's time: not comparable",
  ]);
  const missing = claims.slice(9);
  assert.equal(missing.length, 5);
  for (const claim of missing) assert.deepEqual([claim.measured, codesOf(claim)], [null, ["not in the suite"]]);
  const result = sampleWithPaper();
  assert.deepEqual(paperClaims({ ...result, suite: { ...result.suite, paper: null } }), []);
});

Deno.test("paperClaims() says why a clean accuracy is not comparable", () => {
  const table: [string, Result, string, RegExp][] = [
    ["scaled", withSuite({ scaled: { epochs: 0.05, data: 0.2 } }), "scaled", /epochs × 0\.05, training images × 0\.2/],
    ["two seeds", sampleWithPaper({ seeds: [0, 1] }), "few seeds", /2 completed/],
    [
      "held out images",
      withRuns((run) => ({ ...run, counts: { train: 6000, validation: 1000, final: 2000 } })),
      "other training data",
      /trained on 6000 of the 7000/,
    ],
    [
      "another data set",
      withConfig({ data: { name: "fashion", options: {} } }),
      "other training data",
      /fashion, the paper has MNIST, embedded/,
    ],
    ["augmentation", withConfig({ augmentation: "crop-flip" }), "other training data", /augmentation crop-flip/],
    ["network", withRuns((run) => ({ ...run, parameters: 5 })), "other network", /with 5 parameters/],
    ["epochs", withConfig({ epochs: 8 }), "other recipe", /yopo-5-3: epochs 8 where the paper has 9/],
    ["batch", withConfig({ batch: 64 }), "other recipe", /batch 64 where the paper has 128/],
    ["method", withConfig({ method: { name: "yopo-3-5", options: { stepSize: 0.05 } } }), "other recipe", /yopo-3-5/],
    [
      "step size",
      withConfig({ method: { name: "yopo-5-3", options: { stepSize: 0.03 } } }),
      "other recipe",
      /stepSize 0\.03/,
    ],
    ["rate", withOptimizer({ learningRate: 0.2 }), "other recipe", /learningRate 0\.2 where the paper has 0\.1$/],
    ["optimizer", withOptimizer({ kind: "adam" }), "other recipe", /optimizer adam where the paper has sgd/],
    [
      "milestones",
      withOptimizer({ schedule: { kind: "piecewise", milestones: [3], factor: 0.1 } }),
      "other recipe",
      /milestones 3 where the paper has 7/,
    ],
    ["constant rate", withOptimizer({ schedule: { kind: "constant" } }), "other recipe", /schedule constant .* none/],
  ];
  for (const [name, result, code, detail] of table) {
    const claim = claimOf(result, "yopo-5-3", "clean");
    assert.deepEqual([claim.verdict, codesOf(claim)], ["not comparable", [code]], name);
    assert.match(claim.reasons[0]?.detail ?? "", detail, name);
    assert.ok(claim.measured, "the figure is shown all the same");
  }
});

Deno.test("paperClaims() compares the first layer's own optimizer", () => {
  const own = withRuns((run) => ({ ...run, config: { ...run.config, firstLayerOptimizer: run.config.optimizer } }));
  assert.equal(claimOf(own, "yopo-5-3", "PGD-50").verdict, "confirmed");
  const other = withRuns((run) => ({
    ...run,
    config: { ...run.config, firstLayerOptimizer: { ...run.config.optimizer, learningRate: 0.3 } },
  }));
  const [reason] = claimOf(other, "yopo-5-3", "PGD-50").reasons;
  assert.equal(reason?.detail, "yopo-5-3: first layer's learningRate 0.3 where the paper has 0.1");
});

Deno.test("paperClaims() does not blame a scaled suite's epochs, milestones and images twice", () => {
  const result = withConfig({ epochs: 1 });
  const runs = result.runs.map((run) => ({ ...run, counts: { train: 1400, validation: 1000, final: 2000 } }));
  const scaled = { ...result, runs, suite: { ...result.suite, scaled: { epochs: 0.1, data: 0.2 } } };
  assert.deepEqual(codesOf(claimOf(scaled, "yopo-5-3", "clean")), ["scaled"]);
  const whole = { ...scaled, suite: { ...scaled.suite, scaled: { epochs: 1, data: 1 } } };
  assert.deepEqual(codesOf(claimOf(whole, "yopo-5-3", "clean")), ["other training data", "other recipe"]);
});

Deno.test("paperClaims() leaves out runs that did not complete", () => {
  const result = withRuns((run) => run.seed === 1 ? { ...run, status: "interrupted" } : run);
  const claim = claimOf(result, "yopo-5-3", "clean");
  assert.deepEqual([claim.measured?.count, codesOf(claim)], [2, ["not completed", "few seeds"]]);
  const share = claimOf(
    withRuns((run) => run.seed === 1 ? { ...run, status: "failed" } : run, "pgd-7"),
    "yopo-5-3",
    "part of pgd-7's time",
  );
  assert.deepEqual([share.measured?.count, codesOf(share)], [2, ["other hardware", "not completed", "few seeds"]]);
});

Deno.test("paperClaims() says that the paper publishes no recipe", () => {
  const result = sampleWithPaper();
  const paper = result.suite.paper!;
  const rows = paper.rows.map((row) => ({ ...row, recipe: null }));
  const claim = claimOf({ ...result, suite: { ...result.suite, paper: { ...paper, rows } } }, "pgd-7", "clean");
  assert.deepEqual(codesOf(claim), ["recipe not published"]);
});

Deno.test("paperClaims() compares robust accuracies under the paper's attack and on its images only", () => {
  const result = sampleWithPaper();
  const [, strong] = result.suite.final.attacks;
  const attack = result.attacks[strong!]!;
  const resolved = { ...attack.resolved, stepSize: 0.02 };
  const final = result.suite.final;
  const paper = result.suite.paper!;
  const cw = { name: "cw-100", label: "CW, 100 steps", resolved: {} };
  const table: [string, Result, string, string, RegExp][] = [
    [
      "step size",
      { ...result, attacks: { ...result.attacks, [strong!]: { ...attack, resolved } } },
      "PGD-50",
      "other attack settings",
      /PGD-50: stepSize 0\.02 where the paper has 0\.01/,
    ],
    ["epsilon", withSuite({ threat: { norm: "linf", epsilon: 0.3 } }), "PGD-50", "other attack settings", /ε 0\.3/],
    ["norm", withSuite({ threat: { norm: "l2", epsilon: 0.2 } }), "PGD-50", "other attack settings", /\(l2\)/],
    ["not run", withSuite({ final: { ...final, attacks: [] } }), "PGD-50", "attack not run", /no PGD-50/],
    ["no CW", result, "CW", "attack not run", /no CW/],
    [
      "our CW",
      { ...result, attacks: { ...result.attacks, [strong!]: cw } },
      "CW",
      "attack not specified",
      /does not define its CW; ours is CW, 100 steps/,
    ],
    [
      "a margin loss",
      { ...result, attacks: { ...result.attacks, [strong!]: { ...attack, resolved: { loss: "margin" } } } },
      "CW",
      "attack not specified",
      /ours is PGD-50/,
    ],
    [
      "held-out images",
      withSuite({ final: { ...final, split: "held-out" } }),
      "PGD-50",
      "other test images",
      /2000 held-out/,
    ],
    [
      "fewer images",
      withSuite({ paper: { ...paper, data: { ...paper.data, testImages: 10000 } } }),
      "PGD-50",
      "other test images",
      /2000 test images where the paper has 10000/,
    ],
  ];
  for (const [name, changed, quantity, code, detail] of table) {
    const claim = claimOf(changed, "yopo-5-3", quantity);
    assert.deepEqual(codesOf(claim), [code], name);
    assert.match(claim.reasons[0]?.detail ?? "", detail, name);
  }
});

Deno.test("paperClaims() takes parts of times from the same seed, engine and machine", () => {
  const share = claimOf(sampleWithPaper(), "yopo-5-3", "part of pgd-7's time");
  assert.ok(Math.abs(share.published - 127 / 120) < 1e-12 && share.measured?.count === 3);
  assert.ok(Math.abs(share.measured.mean - 0.232 * 495 / (0.331 * 330)) < 1e-9);
  const elsewhere = withRuns((run) => ({ ...run, engineKey: "another" }), "pgd-7");
  assert.deepEqual(codesOf(claimOf(elsewhere, "yopo-5-3", "part of pgd-7's time")), ["other hardware", "few seeds"]);
});

Deno.test("paperClaims() judges the time to a robust accuracy, which a run may miss", () => {
  const result = sampleWithPaper();
  const paper = result.suite.paper!;
  const reached = (value: number, target: number) => ({
    ...{ value, target, source: "invented", fromMemory: false },
    attack: "PGD-20",
  });
  const attack = { ...paper.attacks[0]!, attack: "PGD-20", name: "pgd-20", options: { stepSize: 0.025 } };
  const at = (target: number): Result => {
    const rows = paper.rows.map((row) => ({ ...row, reached: reached(row.run === "pgd-7" ? 4 : 3, target) }));
    const data = { ...paper.data, testImages: 500 };
    const evaluation = { ...result.suite.evaluation, split: "test" };
    return { ...result, suite: { ...result.suite, evaluation, paper: { ...paper, attacks: [attack], data, rows } } };
  };
  const minutes = claimOf(at(0.75), "yopo-5-3", "minutes to 75 % under PGD-20");
  assert.deepEqual([minutes.measured?.count, minutes.missed], [3, 0]);
  assert.ok(codesOf(minutes).includes("other hardware"));
  const share = claimOf(at(0.75), "yopo-5-3", "part of pgd-7's time to 75 % under PGD-20");
  assert.deepEqual([share.published, share.verdict], [0.75, "not comparable"]);
  const missed = claimOf(at(0.9), "yopo-5-3", "part of pgd-7's time to 90 % under PGD-20");
  assert.deepEqual([missed.missed, missed.measured, missed.verdict], [3, null, "not comparable"]);
  const unknown = claimOf(at(0.5), "yopo-5-3", "part of pgd-7's time to 50 % under PGD-20");
  assert.deepEqual(codesOf(unknown), ["not measured", "other hardware"]);
});

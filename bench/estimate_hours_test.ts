import assert from "node:assert/strict";
import { canonicalJson } from "./canonical.ts";
import { estimateHours, estimateRun } from "./estimate_hours.ts";
import { loadSuite } from "./load_suite.ts";
import { planRuns } from "./run_config.ts";
import type { Suite } from "./suite.ts";

/** A machine with a flop a second where a forward pass is one flop: seconds are forward passes. */
function seconds(suite: Suite, label: string, gflopPerImage: number) {
  const { config } = planRuns(suite).find((run) => run.label === label)!;
  const rate = { gflopPerSecond: 1, forwardGflop: 1 };
  return estimateRun(suite, config, {
    ...rate,
    gflopPerImage: new Map([[canonicalJson(config.method), gflopPerImage]]),
  });
}

Deno.test("training costs the method's flops of every image of every epoch", async () => {
  const suite = await loadSuite("smoke");
  assert.equal(seconds(suite, "natural", 3).training, 2 * 256 * 3);
  const part = await loadSuite("smoke", { set: ["data.options.trainCount=100", "runs.*.epochs=0.5"] });
  assert.equal(seconds(part, "pgd-3", 9).training, 0.5 * 100 * 9);
});

Deno.test("evaluation costs clean passes, attack passes and their verification at every point and at the end", async () => {
  const suite = await loadSuite("smoke", { set: ["strong=null"] }),
    pgd5 = 1 + 2 * 5 + 1,
    atTheEnd = 1 + (2 * 1 + 1) + (2 * 10 + 1);
  const course = 4 * 64 * pgd5 + 2 * 64 * atTheEnd;
  assert.equal(seconds(suite, "natural", 3).evaluation, course);
  const closing = await loadSuite("smoke", {
    set: ["strong=null", "evaluation.everyExamples=500", 'final.weights=["last"]'],
  });
  assert.equal(seconds(closing, "natural", 3).evaluation, 2 * 64 * pgd5 + 64 * atTheEnd, "the end has a point, too");
  const alarm = { ...suite, alarm: { count: 512 } };
  assert.equal(seconds(alarm, "pgd-3", 9).evaluation, course + 2 * 512 * (1 + 21 + 3));
  assert.equal(seconds(alarm, "natural", 3).evaluation, course, "natural training is not watched");
});

Deno.test("a strong attack costs its passes on the weights that are judged finally and on those of every target", async () => {
  const strong = { attack: { name: "pgd-10", options: { restarts: 2 } }, count: 30 };
  const suite = await loadSuite("smoke", { set: ["strong=null"] });
  const added = seconds({ ...suite, strong }, "natural", 3).evaluation - seconds(suite, "natural", 3).evaluation;
  assert.equal(added, (2 + 2) * 30 * (1 + 2 * 20 + 3), "last, best and two targets; each start costs a forward pass");
});

Deno.test("estimateHours() measures a rate and counts every method of what is left", async () => {
  const suite = await loadSuite("smoke"), runs = planRuns(suite);
  const { engine, runs: estimates } = await estimateHours({ engine: "cpu" }, suite, runs);
  assert.equal(engine.name, "cpu");
  assert.deepEqual(estimates.map(({ label }) => label), ["natural", "pgd-3", "yopo-3-2"]);
  const [natural, pgd, yopo] = estimates.map(({ training }) => training) as [number, number, number];
  assert.ok(natural > 0 && Number.isFinite(pgd));
  assert.ok(pgd / natural > 3 && pgd / natural < 4.5, `3 attack passes beside one for the weights: ${pgd / natural}`);
  assert.ok(yopo / natural > 3, `3 rounds and what f0 adds: ${yopo / natural}`);
  assert.ok(estimates.every(({ evaluation }) => evaluation > 0));
});

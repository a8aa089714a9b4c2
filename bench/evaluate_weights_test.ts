import assert from "node:assert/strict";
import { findModel } from "../models/registry.ts";
import { encodeWeights } from "../models/weights.ts";
import { random } from "../random/random.ts";
import type { EvaluateOptions } from "./evaluate_weights.ts";
import { evaluateWeights } from "./on_team.ts";
import type { ProgressEvent } from "./progress.ts";
import { UsageError } from "./usage_error.ts";

const model = findModel("tiny-cnn").create({ height: 8, width: 8, channels: 1, classes: 3 });
const weights = encodeWeights(model, model.initialize((name) => random(3, name)));

const options: EvaluateOptions = {
  weights,
  source: "tiny.safetensors",
  data: { name: "synthetic", options: { shape: [8, 8, 1], classes: 3, train: 1, validation: 10, final: 20 } },
  split: "final",
  threat: { norm: "linf", epsilon: 0.1 },
  attacks: [{ name: "fgsm", options: {} }, { name: "pgd-4", options: { restarts: 2 } }],
  batch: 7,
  seed: 0,
  cache: "unused",
};

const untimed = (value: unknown) =>
  JSON.stringify(value, (key, part) => key === "seconds" || key === "created" ? undefined : part);

Deno.test("evaluateWeights() judges the final split under each attack, and labels what it ran", async () => {
  const events: ProgressEvent[] = [];
  const report = await evaluateWeights({ engine: "cpu" }, options, (event) => events.push(event));
  assert.deepEqual([report.split, report.clean.count, report.robust.length], ["held-out", 20, 2]);
  for (const row of report.robust) {
    assert.equal(row.accuracy, row.correct / row.count);
    assert.ok(row.maxPerturbation > 0.05 && row.maxPerturbation < 0.1 + 1e-6);
    assert.match(report.attacks[row.attack]!.label, /L∞ ε=0.1/);
  }
  assert.ok(events.some((event) => event.kind === "evaluation" && event.done === event.total));
});

Deno.test("evaluateWeights() gives the same for every batch size", async () => {
  const report = await evaluateWeights({ engine: "cpu" }, options, () => {});
  assert.equal(untimed(await evaluateWeights({ engine: "cpu" }, { ...options, batch: 1 }, () => {})), untimed(report));
});

Deno.test("evaluateWeights() draws other starts with another seed", async () => {
  // With steps this small the largest perturbation is that of the start.
  const attacks = [{ name: "pgd-1", options: { stepSize: 1e-9 } }];
  const largest = async (seed: number) =>
    (await evaluateWeights({ engine: "cpu" }, { ...options, attacks, seed }, () => {})).robust[0]!.maxPerturbation;
  assert.equal(await largest(0), await largest(0));
  assert.notEqual(await largest(0), await largest(1));
});

Deno.test("evaluateWeights() refuses what does not fit in one line", async () => {
  const refused = async (change: Partial<EvaluateOptions>, message: RegExp) =>
    await assert.rejects(
      evaluateWeights({ engine: "cpu" }, { ...options, ...change }, () => {}),
      (error) => error instanceof UsageError && message.test(error.message) && !error.message.includes("\n"),
    );
  await refused({ weights: weights.subarray(0, 100) }, /tiny\.safetensors/);
  await refused({ limit: 21 }, /21.*--limit/);
  await refused({ limit: 0 }, /Cannot judge 0 images.*--limit/);
  await refused({ data: { name: "synthetic", options: { noise: -1 } } }, /noise -1.*--data/);
  await refused({ data: { name: "synthetic", options: { final: 3 } } }, /takes \[8,8,1\] and 3 classes/);
  await refused({ attacks: [{ name: "pgd", options: {} }] }, /pgd.*--attack/);
});

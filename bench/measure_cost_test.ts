import assert from "node:assert/strict";
import { type CostOptions, measureCost } from "./measure_cost.ts";
import { UsageError } from "./usage_error.ts";

const options: CostOptions = {
  model: { name: "tiny-cnn", options: { height: 8, width: 8 } },
  method: { name: "pgd-2", options: {} },
  threat: { norm: "linf", epsilon: 0.1 },
  batch: 4,
  steps: 3,
  engine: "cpu",
};

Deno.test("measureCost() times each step and counts its passes", async () => {
  const report = await measureCost(options);
  const { median, min, max } = report.secondsPerStep;
  assert.ok(0 < min && min <= median && median <= max);
  assert.deepEqual(report.passes, { full: 3, forward: 0, firstLayerAdversary: 0, firstLayerWeights: 0 });
  assert.deepEqual([report.engine?.name, report.batch, report.steps], ["cpu", 4, 3]);
});

Deno.test("measureCost() refuses unknown names as wrong usage", async () => {
  for (const change of [{ model: { name: "vgg", options: {} } }, { method: { name: "pgd-0", options: {} } }]) {
    await assert.rejects(measureCost({ ...options, ...change }), UsageError);
  }
});

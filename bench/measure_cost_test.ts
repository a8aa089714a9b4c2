import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { findEngine } from "../backends/registry.ts";
import { costConfig } from "./cost_config.ts";
import { type CostOptions, measureCostOn } from "./measure_cost.ts";
import { measureCost } from "./on_team.ts";
import { UsageError } from "./usage_error.ts";

const options: CostOptions = {
  model: { name: "tiny-cnn", options: { height: 8, width: 8 } },
  method: { name: "pgd-2", options: {} },
  threat: { norm: "linf", epsilon: 0.1 },
  batch: 4,
  steps: 3,
};

Deno.test("measureCost() times each step and counts its passes and flops", async () => {
  const report = await measureCost({ engine: "wasm", workers: 2 }, options);
  const { median, min, max } = report.secondsPerStep;
  assert.ok(0 < min && min <= median && median <= max);
  assert.deepEqual(report.passes, { full: 3, forward: 0, firstLayerAdversary: 0, firstLayerWeights: 0 });
  assert.deepEqual([report.engine.name, report.engine.workers, report.batch, report.steps], ["wasm", 2, 4, 3]);
  const f0 = 2 * 36 * 9 * 4, all = f0 + 2 * 144 * 3;
  assert.equal(report.gflopPerStep, 4 * (2 * 2 * all + 3 * all - f0) / 1e9);
  assert.equal(report.gflopPerSecond, report.gflopPerStep / median);
  assert.equal(report.fractionOfGemm, report.gflopPerSecond / report.calibration.gemmGflops);
  assert.ok(report.peakMemoryBytes > 2 ** 20 && report.firstStepSeconds > 0);
  assert.equal(report.profile, null);
});

Deno.test("measureCostOn() takes a step apart by kernel, and leaves kernels and tensors as they were", async () => {
  const engine = await findEngine("wasm").open(), before = engine.memory();
  const kernelOf = (): unknown => tf.getKernel("Add", "wasm").kernelFunc;
  const kernelBefore = kernelOf();
  const { profile, gflopPerStep } = await measureCostOn(engine, { ...options, profile: true });
  assert.equal(kernelOf(), kernelBefore);
  assert.deepEqual(engine.memory(), before);
  const calls = new Map(profile!.kernels.map(({ name, calls }) => [name, calls]));
  assert.equal(calls.get("convolution 3x3 1>4, 8x8"), 3);
  assert.equal(calls.get("convolution 3x3 1>4, 8x8: gradient of x"), 2);
  assert.equal(calls.get("convolution 3x3 1>4, 8x8: gradient of filter"), 1);
  assert.equal(calls.get("dense 144>3: gradient of kernel"), 1);
  const flops = profile!.kernels.reduce((sum, kernel) => sum + kernel.flops, 0);
  assert.equal(flops / 1e9, gflopPerStep, "the profile's products are those that are counted");
  assert.ok(profile!.kernels.reduce((sum, { seconds }) => sum + seconds, 0) <= profile!.secondsPerStep);
});

Deno.test("measureCostOn() divides what a replayed batch takes by its optimizer steps", async () => {
  const engine = await findEngine("wasm").open(), method = { name: "free-3", options: {} };
  const { passes, gflopPerStep, profile } = await measureCostOn(engine, { ...options, method, profile: true });
  assert.deepEqual(passes, { full: 1, forward: 0, firstLayerAdversary: 0, firstLayerWeights: 0 });
  assert.equal(gflopPerStep, 4 * 3 * (2 * 36 * 9 * 4 + 2 * 144 * 3) / 1e9);
  const calls = new Map(profile!.kernels.map(({ name, calls }) => [name, calls]));
  assert.equal(calls.get("convolution 3x3 1>4, 8x8: gradient of filter"), 1);
  assert.equal(calls.get("convolution 3x3 1>4, 8x8: gradient of x"), 1, "the same pass moves the perturbation");
});

Deno.test("measureCostOn() sees an inner loop in closed form only where f0 is linear, and counts what it replaces", async () => {
  const engine = await findEngine("wasm").open();
  const method = { name: "yopo-2-3", options: {} };
  const { innerLoopInClosedForm, passes } = await measureCostOn(engine, { ...options, method });
  assert.equal(innerLoopInClosedForm, false, "tiny-cnn's f0 ends in ReLU");
  assert.deepEqual([passes.firstLayerAdversary, passes.firstLayerWeights], [6, 2]);
});

Deno.test("measureCost() refuses unknown names as wrong usage", async () => {
  for (const change of [{ model: { name: "vgg", options: {} } }, { method: { name: "pgd-0", options: {} } }]) {
    await assert.rejects(measureCost({ engine: "wasm" }, { ...options, ...change }), UsageError);
    assert.throws(() => costConfig({ ...options, ...change }), UsageError);
  }
});

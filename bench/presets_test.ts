import assert from "node:assert/strict";
import { firstDifference } from "./canonical.ts";
import { listSuites, loadSuite } from "./load_suite.ts";
import { findPaper } from "./paper.ts";
import { expandPresets, findPreset, listPresets } from "./presets.ts";
import { methodOf, planRuns } from "./run_config.ts";
import { type SuiteRun, suiteSchema } from "./suite.ts";
import { UsageError } from "./usage_error.ts";

Deno.test("every preset can be planned, and is known by one name", async () => {
  const presets = await listPresets(), smoke = await loadSuite("smoke");
  assert.equal(new Set(presets.map(({ name }) => name)).size, presets.length);
  for (const { name, title, data, augmentation, model, threat } of presets) {
    const runs = [{ label: name, preset: name }];
    const raw = await expandPresets({ ...smoke, title, data, augmentation, model, threat, runs }, "a test");
    const [planned] = planRuns(suiteSchema.parse(raw));
    assert.equal(planned?.preset, name);
  }
});

Deno.test("runs of the program's suites stand on their presets' data, model, threat and augmentation", async () => {
  let compared = 0;
  for (const { name } of await listSuites()) {
    const suite = await loadSuite(name);
    for (const run of suite.runs) {
      if (run.preset === undefined) continue;
      const preset = await findPreset(run.preset, name);
      for (const key of ["data", "model", "threat", "augmentation"] as const) {
        assert.equal(firstDifference(suite[key], preset[key]), undefined, `${name}, ${run.label}: ${key}`);
      }
      compared++;
    }
  }
  assert.ok(compared >= 18, `only ${compared} runs`);
});

Deno.test("suites of the paper have a run for each published row, with the recipe that is published", async () => {
  for (const { name } of await listSuites()) {
    const suite = await loadSuite(name);
    if (suite.paper === undefined) continue;
    const { rows } = await findPaper(suite.paper);
    assert.deepEqual(suite.runs.map(({ label }) => label).sort(), rows.map(({ run }) => run).sort(), name);
    for (const run of suite.runs) {
      const recipe = rows.find((row) => row.run === run.label)?.recipe;
      if (!recipe) continue;
      const { batch, epochs, optimizer, firstLayerOptimizer = null } = run;
      const { method, ...published } = recipe;
      for (const [key, value] of Object.entries({ batch, epochs, optimizer, firstLayerOptimizer })) {
        const difference = firstDifference(value, published[key as keyof typeof published]);
        assert.equal(difference, undefined, `${name}, ${run.label}: ${key}`);
      }
      const options = methodOf(suite.threat, run.method).resolved;
      assert.deepEqual({ ...options, ...method.options }, options, `${name}, ${run.label}: method`);
    }
  }
});

async function expandRun(run: Record<string, unknown>): Promise<SuiteRun> {
  const { runs } = await expandPresets({ runs: [{ label: "x", preset: "mnist-yopo-5-10", ...run }] }, "a test") as {
    runs: [SuiteRun];
  };
  return runs[0];
}

Deno.test("what a run says itself comes before its preset", async () => {
  const preset = await findPreset("mnist-yopo-5-10", "a test");
  const whole = await expandRun({});
  assert.deepEqual([whole.method, whole.optimizer], [preset.method, preset.optimizer]);
  assert.deepEqual(whole.firstLayerOptimizer, preset.firstLayerOptimizer);
  const method = { name: "pgd-3", options: {} };
  const changed = await expandRun({ epochs: 3, method });
  assert.deepEqual([changed.epochs, changed.batch, changed.method], [3, preset.batch, method]);
  assert.ok(!("firstLayerOptimizer" in await expandRun({ firstLayerOptimizer: null })));
});

Deno.test("expandPresets() leaves what is no suite to the suite's own check", async () => {
  for (const raw of [null, [1], "text", { runs: 3 }, { runs: [null, { label: "x" }, { preset: 3 }] }]) {
    assert.deepEqual(await expandPresets(raw, "a test"), raw);
  }
});

Deno.test("findPreset() names the preset that was probably meant", async () => {
  await assert.rejects(findPreset("cifar10-wrn34-pdg-10", "run a"), (error) => {
    return error instanceof UsageError &&
      error.message === 'Cannot find preset "cifar10-wrn34-pdg-10" from run a: did you mean "cifar10-wrn34-pgd-10"?';
  });
});

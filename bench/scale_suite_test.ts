import assert from "node:assert/strict";
import fc from "fast-check";
import { checkSchedule } from "../training/schedules.ts";
import { loadSuite } from "./load_suite.ts";
import { planRuns } from "./run_config.ts";
import { scaleSuite } from "./scale_suite.ts";
import type { OptimizerConfig } from "./suite.ts";

const table1 = await loadSuite("table1"), smoke = await loadSuite("smoke");
const factor = fc.double({ min: 1e-4, max: 1, noNaN: true, maxExcluded: true });

/** Rounded up to whole epochs, at least 1, but for rounding errors. */
function isScaled(after: number, before: number, by: number): boolean {
  const exact = before * by;
  return Number.isInteger(after) && after >= 1 && after >= exact * (1 - 1e-9) && after < Math.max(exact, 1e-9) + 1;
}

function milestones(optimizer: OptimizerConfig | undefined): readonly number[] {
  return optimizer?.schedule.kind === "piecewise" ? optimizer.schedule.milestones : [];
}

Deno.test("--scale multiplies epochs and all milestones, rounded up to whole epochs", () => {
  fc.assert(
    fc.property(fc.oneof(factor, fc.double({ min: 1.001, max: 50, noNaN: true })), (by) => {
      const scaled = scaleSuite(table1, { epochs: by });
      scaled.runs.forEach((run, i) => {
        const before = table1.runs[i]!;
        assert.ok(isScaled(run.epochs, before.epochs, by), `${before.epochs} × ${by} = ${run.epochs}`);
        for (const key of ["optimizer", "firstLayerOptimizer"] as const) {
          const old = milestones(before[key]), now = milestones(run[key]);
          assert.equal(now.length, old.length);
          assert.ok(now.every((milestone, at) => isScaled(milestone, old[at]!, by)), now.join());
          if (run[key]) checkSchedule(run[key].schedule);
        }
      });
      assert.deepEqual([scaled.data, scaled.evaluation], [table1.data, table1.evaluation]);
    }),
    { seed: 5 },
  );
});

Deno.test("--data-scale takes that part of the images and keeps the number of evaluations in an epoch", () => {
  fc.assert(
    fc.property(factor, (by) => {
      const scaled = scaleSuite(table1, { data: by }), { trainCount } = scaled.data.options;
      assert.ok(Number(trainCount) >= 55_000 * by - 1e-6 && Number(trainCount) < 55_000 * by + 1);
      assert.equal(scaled.evaluation.everyExamples, Math.max(256, Number(trainCount)));
      assert.deepEqual(scaled.runs, table1.runs);
    }),
    { seed: 6 },
  );
});

Deno.test("--data-scale counts from the images that the suite's own options leave", async () => {
  const given = await loadSuite("table1", { set: ["data.options.trainCount=1001", "evaluation.everyExamples=100"] });
  const { data, evaluation } = scaleSuite(given, { data: 0.5 });
  assert.deepEqual([data.options.trainCount, evaluation.everyExamples], [501, 100]);
});

Deno.test("factors whose product is whole up to rounding give that number", () => {
  const suite = { ...smoke, runs: smoke.runs.map((run) => ({ ...run, epochs: 100 })) };
  assert.equal(0.07 * 100, 7.000000000000001);
  assert.deepEqual(scaleSuite(suite, { epochs: 0.07 }).runs.map(({ epochs }) => epochs), [7, 7, 7]);
});

Deno.test("a scaled suite says so, can be planned, and is not scaled again", () => {
  const scaled = scaleSuite(table1, { epochs: 0.05, data: 0.2 });
  assert.equal(scaled.title, `${table1.title} (epochs × 0.05, training images × 0.2)`);
  assert.deepEqual(scaled.scaled, { epochs: 0.05, data: 0.2 });
  assert.equal(planRuns(scaled).length, planRuns(table1).length);
  assert.equal(scaleSuite(smoke, { data: 0.5 }).title, `${smoke.title} (training images × 0.5)`);
  assert.equal(scaleSuite({ ...smoke, title: "x".repeat(200) }, { epochs: 2 }).title.length, 200);
  assert.throws(() => scaleSuite(scaled, { epochs: 0.5 }), {
    name: "UsageError",
    message: /^Cannot scale suite table1: it is scaled already \(epochs × 0.05, training images × 0.2\)/,
  });
  assert.equal(scaleSuite(scaled, {}), scaled, "factors of 1 change nothing");
});

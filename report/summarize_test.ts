import assert from "node:assert/strict";
import type { Result, RunRecord } from "../bench/result.ts";
import { sampleResult } from "./_sample_result.ts";
import { summarize } from "./summarize.ts";

function change(result: Result, label: string, changed: Partial<RunRecord>): Result {
  return { ...result, runs: result.runs.map((run) => run.label === label ? { ...run, ...changed } : run) };
}

function row(result: Result, label: string) {
  const found = summarize(result).find((one) => one.label === label);
  assert.ok(found);
  return found;
}

Deno.test("summarize() gives one row a label, in the order of the result, over its seeds", () => {
  const rows = summarize(sampleResult({ seeds: [0, 1, 2] }));
  assert.deepEqual(rows.map(({ label }) => label), ["natural", "fgsm", "fgsm-rs", "pgd-3", "pgd-7", "yopo-5-3"]);
  assert.ok(rows.every(({ runs, last }) => runs.length === 3 && last.clean?.count === 3));
});

Deno.test("summarize() divides by the natural run of the same seed", () => {
  const yopo = row(sampleResult({ seeds: [0, 1, 2] }), "yopo-5-3");
  assert.ok(yopo.relativeToNatural);
  for (const ratio of Object.values(yopo.relativeToNatural).slice(0, 3)) assert.ok(Math.abs(ratio - 5.8) < 1e-12);
  assert.equal(yopo.folklore, 5);
});

Deno.test("summarize() refuses a ratio to a natural run that differs in more than the method", () => {
  const result = sampleResult();
  const natural = result.runs.find((run) => run.label === "natural");
  assert.ok(natural?.engine);
  const elsewhere = natural.attempts.map((attempt) => ({ ...attempt, machine: "machine-2" }));
  const differences: Partial<RunRecord>[] = [
    { engineKey: "another" },
    { seed: 9 },
    { config: { ...natural.config, batch: 64 } },
    { engine: { ...natural.engine, workers: 2 } },
    { attempts: elsewhere },
    { attempts: [...natural.attempts, ...elsewhere] },
    { cost: null },
  ];
  assert.notEqual(row(result, "yopo-5-3").relativeToNatural, null);
  for (const difference of differences) {
    assert.equal(row(change(result, "natural", difference), "yopo-5-3").relativeToNatural, null);
  }
});

Deno.test("summarize() shows what did not complete and makes up no numbers for it", () => {
  const result = sampleResult({ trouble: true });
  const failed = row(result, "pgd-40");
  assert.equal(failed.trouble, "failed");
  assert.equal(failed.last.clean, null);
  assert.equal(failed.epochs, null);
  assert.equal(failed.trainSeconds, null);
  assert.ok(failed.times.every((time) => time.medianSeconds === null));
  assert.equal(row(result, "yopo-3-5").trouble, "diverged");
  const seeds = sampleResult({ seeds: [0, 1, 2] });
  const mixed = seeds.runs.map((run) => ({ ...run, status: run.seed === 0 ? "diverged" as const : run.status }));
  assert.equal(row({ ...seeds, runs: mixed }, "pgd-7").trouble, "1 diverged");
});

Deno.test("summarize() of a result without runs is empty", () => {
  assert.deepEqual(summarize({ ...sampleResult(), runs: [] }), []);
});

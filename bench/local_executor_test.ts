import assert from "node:assert/strict";
import { join } from "node:path";
import { withTemporaryFolder } from "../files/_temporary_folder.ts";
import type { EngineRequest } from "./engine_request.ts";
import { loadSuite } from "./load_suite.ts";
import { runSuite, type SuiteOutcome } from "./local_executor.ts";
import type { ProgressEvent } from "./progress.ts";
import type { RunRecord } from "./result.ts";
import { UsageError } from "./usage_error.ts";

interface Call {
  readonly out: string;
  readonly set?: readonly string[];
  readonly force?: boolean;
  readonly observe?: (event: ProgressEvent) => void;
  readonly signal?: AbortSignal;
}

async function run({ out, set = [], force = false, observe = () => {}, signal }: Call): Promise<SuiteOutcome> {
  const suite = await loadSuite("smoke", { set });
  const options = {
    out,
    force,
    engine: { engine: "wasm" },
    command: "yopo-bench bench smoke",
    cache: join(out, "..", "cache"),
  } as const;
  return await runSuite(suite, options, observe, signal ?? new AbortController().signal);
}

/** The record without times, and without what an attempt adds. */
function untimed(record: RunRecord): unknown {
  const { attempts: _attempts, peakMemoryBytes: _peak, cost: _cost, timeTo: _timeTo, ...rest } = record;
  const warnings = rest.warnings.filter(({ code }) => code !== "busy-machine");
  return JSON.parse(JSON.stringify({ ...rest, warnings }, (key, value) => /seconds$/i.test(key) ? undefined : value));
}

const weightsOf = ({ result }: SuiteOutcome) => result.runs.map((record) => record.weightsSha256);

Deno.test("two runs with one seed are equal but for their times, another seed gives other weights", () =>
  withTemporaryFolder(async (folder) => {
    const first = await run({ out: join(folder, "a") });
    const second = await run({ out: join(folder, "b") });
    const other = await run({ out: join(folder, "c"), set: ["seeds=[1]"] });
    assert.equal(first.status, "complete");
    assert.deepEqual(second.result.runs.map(untimed), first.result.runs.map(untimed));
    weightsOf(first).forEach((sha, i) => assert.notEqual(weightsOf(other)[i], sha));
    const yopo = first.result.runs.find((record) => record.label === "yopo-3-2");
    assert.deepEqual([yopo?.cost?.fullPassesPerStep, yopo?.cost?.firstLayerPassesPerStep], [3, 3 * 2 + 3]);
    assert.ok(first.result.runs.every((record) => record.final.last && record.final.bestValidation));
  }));

Deno.test("a complete suite is not run again, and another suite does not get into its folder", () =>
  withTemporaryFolder(async (folder) => {
    const out = join(folder, "out"), set = ["runs.*.epochs=0.5"];
    const first = await run({ out, set });
    const events: string[] = [];
    const second = await run({ out, set, observe: (event) => events.push(event.kind) });
    assert.deepEqual([second.status, events.filter((kind) => kind === "run-skip").length], ["complete", 3]);
    assert.ok(!events.includes("run-start"));
    assert.deepEqual(second.result, first.result);
    const refused = run({ out, set: ["runs.*.epochs=0.5", "evaluation.count=32"] });
    await assert.rejects(refused, (error) => error instanceof UsageError && /evaluation\.count/.test(error.message));
    await run({ out, set: ["runs.*.epochs=0.5", "evaluation.count=32"], force: true });
    assert.ok((await Deno.stat(`${out}.old-1/result.json`)).isFile);
  }));

Deno.test("a run that is interrupted ends as such, and running the suite again gives the same weights", () =>
  withTemporaryFolder(async (folder) => {
    const out = join(folder, "out"), controller = new AbortController();
    const stopped = await run({
      out,
      signal: controller.signal,
      observe: (event) => event.kind === "point" && event.label === "pgd-3" && controller.abort(),
    });
    assert.equal(stopped.status, "interrupted");
    assert.deepEqual(stopped.result.runs.map((record) => record.status), ["completed", "interrupted", "planned"]);
    const resumed = await run({ out });
    assert.equal(resumed.status, "complete");
    assert.deepEqual(resumed.result.runs.map((record) => record.attempts.length), [1, 2, 1]);
    assert.deepEqual(weightsOf(resumed), weightsOf(await run({ out: join(folder, "whole") })));
  }));

Deno.test("a run that diverges is a result, and the suite goes on", () =>
  withTemporaryFolder(async (folder) => {
    const { status, result } = await run({
      out: join(folder, "out"),
      set: ["runs.*.epochs=0.5", "runs.pgd-3.optimizer.learningRate=1e38"],
    });
    assert.deepEqual(result.runs.map((record) => record.status), ["completed", "diverged", "completed"]);
    assert.match(result.runs[1]!.message!, /the training loss became/);
    assert.equal(status, "failed");
  }));

Deno.test("a run whose data do not fit fails with the reason, and the suite goes on", () =>
  withTemporaryFolder(async (folder) => {
    const { status, result } = await run({ out: join(folder, "out"), set: ["final.count=1000"] });
    assert.equal(status, "failed");
    assert.match(result.runs[0]!.message!, /Cannot judge 1000 images: the held-out split of synthetic has 64/);
  }));

Deno.test("weights that cannot be written fail their run with the reason, and the suite goes on", () =>
  withTemporaryFolder(async (folder) => {
    const out = join(folder, "out");
    const removeWeights = (event: ProgressEvent): void => {
      if (event.kind !== "point" || event.label !== "pgd-3") return;
      const run = Array.from(Deno.readDirSync(join(out, "runs"))).find(({ name }) => name.startsWith("pgd-3-"))!;
      Deno.removeSync(join(out, "runs", run.name, "attempt-1/weights"), { recursive: true });
    };
    const { status, result } = await run({ out, set: ["runs.*.epochs=0.5"], observe: removeWeights });
    assert.deepEqual([status, result.runs.map((record) => record.status)], [
      "failed",
      ["completed", "failed", "completed"],
    ]);
    assert.match(result.runs[1]!.message!, /^Cannot save weights in .*pgd-3/);
  }));

Deno.test("a second program in the same folder is refused and the first one is not disturbed", () =>
  withTemporaryFolder(async (folder) => {
    const out = join(folder, "out"), set = ["runs.*.epochs=0.5"];
    const answers: Promise<string>[] = [];
    const intrude = (event: ProgressEvent): void => {
      if (event.kind !== "run-start") return;
      answers.push(run({ out, set, force: event.index === 2 }).then(({ status }) => status, String));
    };
    const first = run({ out, set, observe: intrude });
    assert.equal((await first).status, "complete");
    assert.equal(answers.length, 3);
    for (const answer of await Promise.all(answers)) assert.match(answer, /another program is at work in it/);
    assert.deepEqual((await first).result.runs.map((record) => record.attempts.length), [1, 1, 1]);
  }));

Deno.test("work that was begun goes on with its engine where none is named, and records why", () =>
  withTemporaryFolder(async (folder) => {
    const out = join(folder, "out"), suite = await loadSuite("smoke", { set: ["runs.*.epochs=0.5"] });
    const begin = async (engine: EngineRequest) => {
      const options = { out, engine, force: false, command: "yopo-bench bench smoke", cache: join(folder, "cache") };
      return await runSuite(suite, options, () => {}, new AbortController().signal);
    };
    const { result } = await begin({ engine: "cpu" });
    assert.equal(result.suite.command, "yopo-bench bench smoke --engine cpu");
    assert.deepEqual(result.runs.map(({ engine }) => engine!.reason), Array(3).fill("asked for"));
    assert.deepEqual((await begin({ engine: "auto" })).result, result);
    await assert.rejects(begin({ engine: "wasm" }), /with engine wasm: it was begun with cpu/);
  }));

Deno.test("a suite without validation images trains the same weights and judges them at the end alone", () =>
  withTemporaryFolder(async (folder) => {
    const judged = await run({ out: join(folder, "a") });
    const set = ["evaluation.count=0", "targets=[]", 'final.weights=["last"]'];
    const unjudged = await run({ out: join(folder, "b"), set });
    assert.deepEqual(weightsOf(unjudged), weightsOf(judged));
    for (const { points, final, counts, warnings } of unjudged.result.runs) {
      assert.deepEqual(points, []);
      assert.equal(final.last?.clean.count, 64);
      assert.equal(final.bestValidation, null);
      assert.equal(counts?.validation, 0);
      assert.deepEqual(warnings.map(({ code }) => code).filter((code) => code !== "busy-machine"), ["few-images"]);
    }
  }));

Deno.test("a suite without validation images can have no target and choose no weights", async () => {
  for (const set of [["targets=[]"], ['final.weights=["last"]', "targets=[0.5]"]]) {
    await assert.rejects(loadSuite("smoke", { set: ["evaluation.count=0", ...set] }), {
      name: "UsageError",
      message: /evaluation\.count: 0 validation images can judge no target/,
    });
  }
});

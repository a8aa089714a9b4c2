import assert from "node:assert/strict";
import { join } from "node:path";
import { collectResult } from "./collect.ts";
import { Journal, type JournalEvent } from "./journal.ts";
import { loadSuite } from "./load_suite.ts";
import { prepareOutput } from "./output_folder.ts";
import { type Machine, type Point, resultSchema } from "./result.ts";
import { planRuns, runName } from "./run_config.ts";
import { RunOwner } from "./run_owner.ts";
import { toolRecord } from "./tool.ts";

/** An attempt that found none before it. */
const alone = { earlier: [], lostSeconds: null, downSeconds: null };

const suite = await loadSuite("smoke");
const [planned] = planRuns(suite);

function machine(id: string): Machine {
  const nothing = { cpu: null, cores: 1, memoryBytes: null, gpu: null, osRelease: null, calibration: null };
  return { id, ...nothing, os: "linux", arch: "x86_64", deno: "2", v8: "15", tfjs: "4" };
}

function point(step: number): Point {
  return {
    ...{
      epoch: step / 8,
      step,
      examples: 32 * step,
      trainSeconds: step,
      wallSeconds: step,
      loss: 1,
      split: "validation",
    },
    passes: { full: step, forward: 0, firstLayerAdversary: 0, firstLayerWeights: 0 },
    clean: { accuracy: 1, correct: 64, count: 64 },
    robust: [],
  };
}

/** A folder of the smoke suite whose first run has one attempt for each list of events. */
async function withAttempts(
  attempts: readonly (readonly JournalEvent[])[],
  work: (out: string) => Promise<void>,
  stored = suite,
) {
  const out = await Deno.makeTempDir();
  try {
    await prepareOutput(out, {
      command: "x",
      engine: "wasm",
      precision: "f32",
      shards: 8,
      tool: await toolRecord(),
      suite: stored,
    }, false);
    for (const events of attempts) {
      await using owner = (await RunOwner.create(join(out, "runs", `${runName(planned!)}-engine00`)))!;
      const journal = new Journal(join(owner.path, "events.jsonl"));
      events.forEach((event) => journal.append(event));
      journal.close();
    }
    await work(out);
  } finally {
    await Deno.remove(out, { recursive: true });
  }
}

function begin(attempt: number, fromStep: number, id = "m1"): JournalEvent {
  const start = {
    attempt,
    fromStep,
    trainSeconds: 0,
    startedAt: "2026-01-01T00:00:00.000Z",
    ...alone,
    loadAverage: 0.5,
  };
  return { event: "attempt", ...start, machine: machine(id) };
}

const interrupted: JournalEvent = {
  ...{ event: "end", status: "interrupted", message: "stopped", peakMemoryBytes: 1, loadAverage: 1.5, cost: null },
};

Deno.test("an attempt voids what earlier ones did after the step that it began from", () =>
  withAttempts([
    [begin(1, 0), { event: "point", point: point(4) }, { event: "point", point: point(8) }, interrupted],
    [begin(2, 4, "m2"), { event: "point", point: point(12) }],
  ], async (out) => {
    const { runs, machines } = await collectResult(out);
    assert.deepEqual(runs[0]!.points.map(({ step }) => step), [4, 12]);
    assert.deepEqual(machines.map(({ id }) => id), ["m1", "m2"]);
    assert.deepEqual(runs[0]!.attempts.map(({ loadAverageAtEnd }) => loadAverageAtEnd), [1.5, null]);
    assert.equal(runs[0]!.status, "interrupted", "an attempt without an end was killed or is at work");
  }));

Deno.test("what a writer adds after a later attempt had begun counts for nothing", () => {
  const late: JournalEvent = { event: "warning", warning: { code: "late", message: "late", advice: "" } };
  const second = { ...begin(2, 4), earlier: [{ attempt: 1, events: 2 }] } as JournalEvent;
  const end: JournalEvent = { ...interrupted, status: "completed", message: null };
  return withAttempts([
    [begin(1, 0), { event: "point", point: point(4) }, late, { event: "point", point: point(2) }, end],
    [second, { event: "point", point: point(8) }],
  ], async (out) => {
    const { runs: [run] } = await collectResult(out);
    assert.deepEqual(run!.points.map(({ step }) => step), [4, 8]);
    assert.deepEqual([run!.status, run!.warnings], ["interrupted", []]);
  });
});

Deno.test("a run on machines that are not alike says so, on like ones it does not", () => {
  const on = (cpu: string) => ({ ...begin(2, 4), machine: { ...machine("m2"), cpu } }) as JournalEvent;
  const codes = (cpu: string) =>
    withAttempts([[begin(1, 0)], [on(cpu)]], async (out) => {
      const { runs: [run] } = await collectResult(out);
      assert.deepEqual(run!.warnings.map(({ code }) => code), cpu === machine("m1").cpu ? [] : ["unlike-machines"]);
    });
  return codes("Another").then(() => codes(machine("m1").cpu ?? ""));
});

Deno.test("an attempt from the beginning leaves nothing of earlier ones but their times", () =>
  withAttempts([
    [begin(1, 0), { event: "point", point: point(4) }, interrupted],
    [begin(2, 0)],
  ], async (out) => {
    const { runs } = await collectResult(out);
    assert.deepEqual([runs[0]!.points.length, runs[0]!.attempts.length], [0, 2]);
  }));

Deno.test("a run without a journal is planned", () =>
  withAttempts([], async (out) => {
    const { runs } = await collectResult(out);
    assert.deepEqual(runs.map(({ status, message }) => [status, message]), runs.map(() => ["planned", null]));
  }));

Deno.test("the record says which preset, scale and published figures a suite has", () =>
  withAttempts([], async (out) => {
    const { suite: described, runs } = await collectResult(out);
    assert.deepEqual([described.scaled, described.paper], [null, null]);
    assert.deepEqual(runs.map(({ preset, alarm }) => [preset, alarm]), runs.map(() => [null, []]));
  }));

Deno.test("a suite that repeats a table carries its figures, and its scale", () => {
  const scaled = { epochs: 0.5, data: 0.25 };
  const runs = suite.runs.map((run) => ({ ...run, preset: `${run.label}-preset` }));
  return withAttempts([], async (out) => {
    const result = await collectResult(out);
    assert.deepEqual([result.suite.scaled, result.suite.paper?.baseline], [scaled, "pgd-40"]);
    assert.deepEqual(result.runs.map(({ preset }) => preset), runs.map(({ preset }) => preset));
    assert.deepEqual(resultSchema.parse(JSON.parse(JSON.stringify(result))), result);
  }, { ...suite, paper: "table1", scaled, runs });
});

Deno.test("points of the alarm are voided like those of the curves", () => {
  const accuracy = { accuracy: 0.5, correct: 256, count: 512 };
  const alarm = (step: number): JournalEvent => ({
    event: "alarm",
    point: { epoch: step / 8, step, attack: "PGD-10", pgd: accuracy, fgsm: accuracy },
  });
  return withAttempts([
    [begin(1, 0), alarm(8), alarm(16), interrupted],
    [begin(2, 8), alarm(16), alarm(24)],
  ], async (out) => {
    const { runs } = await collectResult(out);
    assert.deepEqual(runs[0]!.alarm?.map(({ step }) => step), [8, 16, 24]);
  });
});

Deno.test("a crossing's record carries what the strong attack left of its weights", () => {
  const sha = "a".repeat(64), row = { accuracy: 0.5, correct: 1, count: 2 };
  const weights = { event: "weights", kind: "crossing", step: 8, weightsSha256: sha } as const;
  const judged = {
    ...{ step: 8, split: "held-out", weightsSha256: sha, clean: row },
    robust: [{ attack: "fast", ...row, seconds: 1, maxPerturbation: 0.1 }],
  };
  const final = { event: "final", which: "crossing", target: 0.5, ...judged } as const;
  const start: JournalEvent = {
    event: "attempt",
    attempt: 1,
    ...{ fromStep: 0, trainSeconds: 0, startedAt: "x", ...alone, loadAverage: null, machine: machine("m") },
  };
  const events: JournalEvent[] = [start, { ...weights, target: 0.5 }, { ...weights, target: 0.8 }, final];
  return withAttempts([events], async (out) => {
    const [run] = (await collectResult(out)).runs;
    assert.deepEqual(run!.final.crossings, [
      { target: 0.5, step: 8, weightsSha256: sha, judged },
      { target: 0.8, step: 8, weightsSha256: sha, judged: null },
    ]);
  });
});

/** Runs a suite on this machine, one run after the other, each in a Worker of its own under this supervising thread,
 *  which keeps the journals, writes the weights and never blocks. @module */

import { join } from "node:path";
import type { EngineName } from "../backends/engine.ts";
import { hardwareRecord } from "../backends/hardware.ts";
import { atomicWrite } from "../files/atomic_write.ts";
import { chooseEngine, type EngineChoice } from "./choose_engine.ts";
import { collectResult } from "./collect.ts";
import { Journal } from "./journal.ts";
import { createAttempt, findRunFolders, prepareOutput } from "./output_folder.ts";
import type { Observe } from "./progress.ts";
import type { Machine, Result } from "./result.ts";
import { type PlannedRun, planRuns, runName } from "./run_config.ts";
import type { FromWorker, RunJob } from "./run_job.ts";
import type { Suite } from "./suite.ts";
import { toolRecord } from "./tool.ts";
import { type OpenedEngine, TrainingWorker } from "./training_worker.ts";
import { UsageError } from "./usage_error.ts";

export interface SuiteOptions {
  /** Results folder. */
  readonly out: string;
  readonly engine: EngineChoice;
  /** Move a folder with other content aside. */
  readonly force: boolean;
  /** The command line that runs this suite again, for the report. */
  readonly command: string;
  /** Folder of downloaded data sets. */
  readonly cache: string;
}

export interface SuiteOutcome {
  readonly status: "complete" | "failed" | "interrupted";
  readonly out: string;
  readonly result: Result;
}

/** What the runs of one call share. */
interface Session {
  readonly suite: Suite;
  readonly options: SuiteOptions;
  readonly engine: EngineName;
  readonly observe: Observe;
  readonly signal: AbortSignal;
  /** Filled by the first Worker that opens the engine. */
  machine: Machine | null;
}

/**
 * Runs what is not complete yet and keeps OUT/result.json up to date after each run.
 *
 * @throws {UsageError} When the suite or the folder cannot be used. A run that fails does not throw: it is a result.
 */
export async function runSuite(
  suite: Suite,
  options: SuiteOptions,
  observe: Observe,
  signal: AbortSignal,
): Promise<SuiteOutcome> {
  const planned = planRuns(suite);
  const engine = await chooseEngine(options.engine);
  const wanted = { command: options.command, engine, tool: await toolRecord(), suite };
  const { movedTo } = await prepareOutput(options.out, wanted, options.force);
  if (movedTo) observe({ kind: "note", text: `moved the earlier results to ${movedTo}` });
  observe({ kind: "suite", name: suite.name, out: options.out, runs: planned.length, engine });
  const session: Session = { suite, options, engine, observe, signal, machine: null };
  let result = await writeResult(options.out);
  for (const [index, run] of planned.entries()) {
    const before = result.runs.find((record) => record.id === run.id);
    if (before && (before.status === "completed" || before.status === "diverged")) {
      observe({ kind: "run-skip", label: run.label, seed: run.seed, index, status: before.status });
      continue;
    }
    if (signal.aborted) break;
    observe({ kind: "run-start", ...run, index, runs: planned.length });
    await runOne(session, run);
    result = await writeResult(options.out);
    const { status, message, warnings } = result.runs.find((record) => record.id === run.id)!;
    observe({ kind: "run-end", label: run.label, seed: run.seed, status, message, warnings });
  }
  return { status: outcome(result, signal), out: options.out, result };
}

function outcome(result: Result, signal: AbortSignal): SuiteOutcome["status"] {
  if (result.runs.every((run) => run.status === "completed")) return "complete";
  return signal.aborted ? "interrupted" : "failed";
}

async function writeResult(out: string): Promise<Result> {
  const result = await collectResult(out);
  await atomicWrite(join(out, "result.json"), JSON.stringify(result, null, 2) + "\n");
  return result;
}

/** One attempt at one run; what goes wrong ends in its journal, not in an exception. */
async function runOne(session: Session, planned: PlannedRun): Promise<void> {
  const worker = new TrainingWorker();
  try {
    const opened = await worker.open(session.engine, session.machine === null);
    const machine = session.machine ??= { ...await hardwareRecord(), calibration: opened.calibration };
    const folder = await runFolder(session.options.out, planned, opened);
    const { attempt, path } = await createAttempt(folder);
    await Deno.mkdir(join(folder, "weights"), { recursive: true });
    const journal = new Journal(join(path, "events.jsonl"));
    try {
      const startedAt = new Date().toISOString();
      journal.append({ event: "attempt", attempt, fromStep: 0, trainSeconds: 0, startedAt, machine });
      await superviseRun(session, planned, { worker, journal, folder });
    } finally {
      journal.close();
    }
  } finally {
    worker.close();
  }
}

/** @throws {UsageError} When the folder holds attempts of another engine. */
async function runFolder(out: string, planned: PlannedRun, { engineKey, engine }: OpenedEngine): Promise<string> {
  const name = runName(planned), wanted = `${name}-${engineKey.slice(0, 8)}`;
  const other = (await findRunFolders(out, name)).find((found) => found !== wanted);
  if (other) {
    throw new UsageError(
      `Cannot continue ${
        join(out, "runs", other)
      } with ${engine.version}: it was begun with other kernels or versions; ` +
        `use --force to move the results aside`,
    );
  }
  return join(out, "runs", wanted);
}

interface RunPlace {
  readonly worker: TrainingWorker;
  readonly journal: Journal;
  readonly folder: string;
}

async function superviseRun(
  session: Session,
  planned: PlannedRun,
  { worker, journal, folder }: RunPlace,
): Promise<void> {
  const { suite, observe, signal, options } = session;
  const job: RunJob = {
    config: planned.config,
    evaluation: suite.evaluation,
    final: suite.final,
    targets: suite.targets,
    label: planned.label,
    cache: options.cache,
  };
  const writes: Promise<void>[] = [];
  let ended = false;
  const hear = (message: FromWorker): void => {
    if (message.kind === "progress") observe(message.event);
    if (message.kind === "journal") {
      journal.append(message.event);
      ended ||= message.event.event === "end";
      if (message.event.event === "point") observe({ kind: "point", label: planned.label, point: message.event.point });
    }
    if (message.kind === "weights") {
      const { kind, step, weightsSha256, bytes } = message.weights;
      writes.push(
        atomicWrite(join(folder, "weights", `${kind}.safetensors`), bytes)
          .then(() => journal.append({ event: "weights", kind, step, weightsSha256 })),
      );
    }
  };
  const unfinished = { event: "end", peakMemoryBytes: null, cost: null } as const;
  try {
    const ownEnd = await worker.run(job, hear, signal);
    await Promise.all(writes);
    if (!ownEnd) journal.append({ ...unfinished, status: "interrupted", message: "stopped in the middle of a step" });
  } catch (error) {
    await Promise.allSettled(writes);
    if (!ended) journal.append({ ...unfinished, status: "failed", message: (error as Error).message });
  }
}

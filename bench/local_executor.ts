/** Runs a suite on this machine, one run after the other, each in a team of Workers of its own under this supervising thread,
 *  which keeps the journals, writes the weights and never blocks. @module */

import { join } from "node:path";
import type { EngineName } from "../backends/engine.ts";
import { hardwareRecord, loadAverage } from "../backends/hardware.ts";
import { findEngine } from "../backends/registry.ts";
import { CheckpointSaver, findCheckpoint, type FoundCheckpoint, removeCheckpoints } from "./checkpoint_files.ts";
import { checkDataIsHere } from "./data_is_here.ts";
import { type EnginePlan, type EngineRequest, planEngine } from "./engine_request.ts";
import { EngineTeam, type OpenedEngine } from "./engine_team.ts";
import { lockFolder } from "./folder_lock.ts";
import { Journal, type JournalEvent } from "./journal.ts";
import { createAttempt, findRunFolders, findStoredSuite, prepareOutput, type StoredSuite } from "./output_folder.ts";
import type { Observe } from "./progress.ts";
import type { Machine, Result } from "./result.ts";
import { type PlannedRun, planRuns, runName } from "./run_config.ts";
import type { FromWorker, RunJob } from "./run_job.ts";
import type { Suite } from "./suite.ts";
import { toolRecord } from "./tool.ts";
import { UsageError } from "./usage_error.ts";
import { WeightsSaver } from "./weights_saver.ts";
import { writeResult } from "./write_result.ts";

export interface SuiteOptions {
  /** Results folder. */
  readonly out: string;
  readonly engine: EngineRequest;
  /** Move a folder with other content aside. */
  readonly force: boolean;
  /** The command line that runs this suite again, for the report. */
  readonly command: string;
  /** Folder of downloaded data sets. */
  readonly cache: string;
  /** Seconds from one checkpoint on the disk to the next. @default {300} */
  readonly checkpointSeconds?: number;
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
  readonly plan: EnginePlan;
  readonly observe: Observe;
  readonly signal: AbortSignal;
  readonly machine: Machine;
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
  const plan = await planEngine(await followFolder(options));
  const { engine, precision, shards, workers, reason } = plan;
  const command = /(^| )--engine /.test(options.command) ? options.command : `${options.command} --engine ${engine}`;
  const wanted = { command, engine, precision, shards, tool: await toolRecord(), suite };
  const { movedTo } = await prepareOutput(options.out, wanted, options.force);
  using _lock = await lockFolder(options.out);
  if (movedTo) observe({ kind: "note", text: `moved the earlier results to ${movedTo}` });
  observe({ kind: "suite", name: suite.name, out: options.out, runs: planned.length, engine, workers, reason });
  let result = await writeResult(options.out);
  let session: Session | undefined;
  for (const [index, run] of planned.entries()) {
    const { label, methodLabel, seed } = run;
    const before = result.runs.find((record) => record.id === run.id);
    if (before && (before.status === "completed" || before.status === "diverged")) {
      observe({ kind: "run-skip", label, seed, index, status: before.status });
      continue;
    }
    if (signal.aborted) break;
    if (!session) await checkDataIsHere(suite.data.name, options.cache);
    session ??= { suite, options, plan, observe, signal, machine: await describeMachine(plan) };
    observe({ kind: "run-start", label, methodLabel, seed, index, runs: planned.length });
    await runOne(session, run);
    result = await writeResult(options.out);
    const { status, message, warnings } = result.runs.find((record) => record.id === run.id)!;
    observe({ kind: "run-end", label, seed, status, message, warnings });
  }
  return { status: outcome(result, signal), out: options.out, result };
}

/**
 * Work that was begun goes on with its engine where none is named, also where "auto" would choose another one by now.
 *
 * @throws {UsageError} When the folder names an engine that does not exist.
 */
async function followFolder({ out, engine: asked, force }: SuiteOptions): Promise<EngineRequest> {
  const stored = force || asked.engine !== "auto" ? null : await findStoredSuite(out);
  if (stored === null) return asked;
  const { precision = "f32" } = asked;
  return {
    ...asked,
    engine: engineOf(stored, join(out, "suite.json")),
    precision: precision === "f32" ? stored.precision : precision,
    shards: asked.shards ?? stored.shards,
    reason: "the results folder was begun with it",
  };
}

function engineOf({ engine }: StoredSuite, origin: string): EngineName {
  try {
    return findEngine(engine).name;
  } catch (error) {
    throw UsageError.from(error, origin);
  }
}

function outcome(result: Result, signal: AbortSignal): SuiteOutcome["status"] {
  if (result.runs.every((run) => run.status === "completed")) return "complete";
  return signal.aborted ? "interrupted" : "failed";
}

/** The machine as this call found it, its engine measured in a team of its own. */
async function describeMachine(plan: EnginePlan): Promise<Machine> {
  const team = new EngineTeam(plan);
  try {
    const { calibration } = await team.open(true);
    return { ...await hardwareRecord(), calibration };
  } finally {
    team.close();
  }
}

/**
 * One attempt at one run; once its journal is open, what goes wrong ends there and not in an exception.
 *
 * @throws {Error} When the engine does not start, the folder belongs to another engine, or the disk refuses the journal.
 */
async function runOne(session: Session, planned: PlannedRun): Promise<void> {
  const team = new EngineTeam(session.plan);
  try {
    const folder = await runFolder(session.options.out, planned, await team.open());
    const found = await findCheckpoint(folder, (text) => session.observe({ kind: "note", text }));
    const { attempt, path } = await createAttempt(folder);
    const journal = new Journal(join(path, "events.jsonl"));
    try {
      const startedAt = new Date().toISOString(), load = await loadAverage(), { machine } = session;
      const { record, clock } = found?.checkpoint.state ?? {};
      const place = { fromStep: record?.step ?? 0, trainSeconds: clock?.seconds.train ?? 0 };
      const begin = { attempt, ...place, startedAt, loadAverage: load, machine };
      journal.append({ event: "attempt", ...begin });
      warnOfLoad(journal, load, machine);
      journal.append({
        ...await superviseRun(session, planned, { team, journal, folder, attempt: path, found }),
        loadAverage: await loadAverage(),
      });
    } finally {
      journal.close();
    }
  } finally {
    team.close();
  }
}

/** Other work on the machine makes every time longer; the record must show it. */
function warnOfLoad(journal: Journal, load: number | null, { cores }: Machine): void {
  if (load === null || cores === null || load <= cores) return;
  const message = "the machine had more work than cores when the run began";
  const warning = { code: "busy-machine", message, advice: "run it again on a quiet machine before using its times" };
  journal.append({ event: "warning", warning });
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
  readonly team: EngineTeam;
  readonly journal: Journal;
  readonly folder: string;
  /** The attempt's own folder. */
  readonly attempt: string;
  /** Where the run goes on. */
  readonly found: FoundCheckpoint | null;
}

type EndEvent = Extract<JournalEvent, { event: "end" }>;

/** Lets the team run and keeps what it sends. @returns How the run ended, once all its files are written. */
async function superviseRun(session: Session, planned: PlannedRun, place: RunPlace): Promise<EndEvent> {
  const { team, journal, folder } = place;
  const saver = new WeightsSaver(place), checkpoints = new CheckpointSaver(place.attempt);
  let end: EndEvent | undefined;
  const hear = (message: FromWorker): void => {
    if (message.kind === "progress") session.observe(message.event);
    if (message.kind === "weights") saver.save(message.weights);
    if (message.kind === "checkpoint") checkpoints.save(message.checkpoint);
    if (message.kind !== "journal") return;
    if (message.event.event === "end") end = message.event;
    else journal.append(message.event);
    if (message.event.event === "point") {
      session.observe({ kind: "point", label: planned.label, point: message.event.point });
    }
  };
  try {
    const signal = AbortSignal.any([session.signal, saver.failed, checkpoints.failed]);
    const cameToItsEnd = await team.run(jobOf(session, planned, place), hear, signal);
    await saver.finish();
    await checkpoints.finish();
    if (!cameToItsEnd || !end) return unfinished("interrupted", "stopped in the middle of a step");
    if (end.status === "completed" || end.status === "diverged") await removeCheckpoints(folder);
    return end;
  } catch (error) {
    await Promise.allSettled([saver.finish(), checkpoints.finish()]);
    return unfinished("failed", (error as Error).message);
  }
}

function unfinished(status: EndEvent["status"], message: string): EndEvent {
  return { event: "end", status, message, peakMemoryBytes: null, loadAverage: null, cost: null };
}

function jobOf({ suite, options, plan }: Session, { config, label }: PlannedRun, { found }: RunPlace): RunJob {
  const { evaluation, final, strong, alarm, targets } = suite, { cache, checkpointSeconds = 300 } = options;
  const place = { checkpoint: found?.bytes ?? null, checkpointSeconds };
  return { config, evaluation, final, strong, alarm, targets, label, engineReason: plan.reason, cache, ...place };
}

/** Runs a suite on this machine, one run after the other. @module */

import { hardwareRecord } from "../backends/hardware.ts";
import { attemptRun, type Session } from "./attempt_run.ts";
import { watchCancel } from "./cancel_request.ts";
import { collectResult } from "./collect.ts";
import { checkDataIsHere } from "./data_is_here.ts";
import { type EnginePlan, type EngineRequest, planEngine } from "./engine_request.ts";
import { EngineTeam } from "./engine_team.ts";
import { lockFolder } from "./folder_lock.ts";
import { findHolders } from "./find_holders.ts";
import { followFolder } from "./follow_folder.ts";
import { findStoredSuite, prepareOutput, readStoredSuite } from "./output_folder.ts";
import type { Observe } from "./progress.ts";
import { isDone, type Machine, type Result, type RunRecord } from "./result.ts";
import { type PlannedRun, planRuns, runName } from "./run_config.ts";
import { describeHolder } from "./run_owner.ts";
import type { Suite } from "./suite.ts";
import { toolRecord } from "./tool.ts";
import { UsageError } from "./usage_error.ts";
import { writeResult } from "./write_result.ts";

/** Seconds from one checkpoint on the disk to the next where nobody says. */
const CHECKPOINT_SECONDS = 300;

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
  /** How long another host's program may be silent before its run is taken over. @default {60} */
  readonly leaseSeconds?: number;
}

export interface SuiteOutcome {
  readonly status: "complete" | "failed" | "interrupted";
  readonly out: string;
  readonly result: Result;
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
  stop: AbortSignal,
): Promise<SuiteOutcome> {
  const { out, force } = options, planned = planRuns(suite);
  const plan = await planEngine(await followFolder(options));
  const { engine, precision, shards, workers, reason } = plan;
  const command = /(^| )--engine /.test(options.command) ? options.command : `${options.command} --engine ${engine}`;
  const wanted = { command, engine, precision, shards, tool: await toolRecord(), suite };
  if (force && await findStoredSuite(out)) await refuseHolders(out);
  const { movedTo } = await prepareOutput(out, wanted, force);
  using _lock = await lockFolder(out);
  using cancel = await watchCancel(out);
  const signal = AbortSignal.any([stop, cancel.signal]);
  if (movedTo) observe({ kind: "note", text: `moved the earlier results to ${movedTo}` });
  observe({ kind: "suite", name: suite.name, out, runs: planned.length, engine, workers, reason });
  let result = await writeResult(out);
  let session: Session | undefined;
  for (const [index, run] of planned.entries()) {
    const { label, methodLabel, seed } = run;
    const before = result.runs.find((record) => record.id === run.id);
    if (before && isDone(before)) {
      observe({ kind: "run-skip", label, seed, index, status: before.status });
      continue;
    }
    if (signal.aborted) break;
    session ??= await openSession(suite, options, plan, observe, signal);
    observe({ kind: "run-start", label, methodLabel, seed, index, runs: planned.length });
    await take(session, run, false);
    result = await writeResult(out);
    tellEnd(observe, result.runs.find((record) => record.id === run.id)!);
  }
  return { status: outcome(result, signal), out, result };
}

/** What a single run of a folder takes. */
export type SingleOptions = Pick<SuiteOptions, "out" | "engine" | "cache" | "checkpointSeconds" | "leaseSeconds">;

/**
 * One run of a prepared folder, while other programs may be at work on others: what a cluster's task does. Where one is at
 * work on this run, it is waited for. Writes what an attempt writes, and no result.json.
 *
 * @param name "LABEL-sSEED-ID8", as in the run's folder.
 * @returns What the run came to, and whether it was stopped before its end.
 * @throws {UsageError} When the folder holds no such run, or cannot be used.
 */
export async function runSingle(
  name: string,
  options: SingleOptions,
  observe: Observe,
  stop: AbortSignal,
): Promise<{ readonly record: RunRecord; readonly isStopped: boolean }> {
  const { out } = options, { suite } = await readStoredSuite(out);
  const run = findRun(suite, name, out), { label, methodLabel, seed } = run;
  const plan = await planEngine(await followFolder({ ...options, force: false })), { engine, workers, reason } = plan;
  using cancel = await watchCancel(out);
  const signal = AbortSignal.any([stop, cancel.signal]);
  const before = await recordOf(out, run);
  observe({ kind: "suite", name: suite.name, out, runs: 1, engine, workers, reason });
  if (isDone(before)) {
    observe({ kind: "run-skip", label, seed, index: 0, status: before.status });
    return { record: before, isStopped: false };
  }
  const session = await openSession(suite, options, plan, observe, signal);
  observe({ kind: "run-start", label, methodLabel, seed, index: 0, runs: 1 });
  await take(session, run, true);
  const record = await recordOf(out, run);
  tellEnd(observe, record);
  return { record, isStopped: signal.aborted && !isDone(record) };
}

function findRun(suite: Suite, name: string, out: string): PlannedRun {
  const planned = planRuns(suite), found = planned.find((run) => runName(run) === name);
  if (found) return found;
  const names = planned.map(runName);
  const some = names.length > 5 ? `${names.slice(0, 5).join(", ")} and ${names.length - 5} more` : names.join(", ");
  throw new UsageError(`Cannot find run ${JSON.stringify(name)} from --run: ${out} has ${some}`);
}

async function recordOf(out: string, { id }: PlannedRun): Promise<RunRecord> {
  const { runs } = await collectResult(out);
  return runs.find((record) => record.id === id)!;
}

/** Makes an attempt at a run, unless others are at work on it. */
async function take(session: Session, run: PlannedRun, wait: boolean): Promise<void> {
  const { observe, out, signal } = session;
  try {
    const holder = await attemptRun(session, run, { wait, isDone: async () => isDone(await recordOf(out, run)) });
    if (holder === null) return;
    observe({ kind: "note", text: `${run.label} seed ${run.seed} is left to ${describeHolder(holder)}` });
  } catch (error) {
    if (!signal.aborted || error !== signal.reason) throw error;
  }
}

/** @throws {UsageError} Where others are at work on runs of a folder that is to be moved. */
async function refuseHolders(out: string): Promise<void> {
  const [holder] = (await findHolders(out)).values();
  if (holder === undefined) return;
  throw new UsageError(
    `Cannot move ${out} aside: ${describeHolder(holder)} is at work in it; wait for it, or cancel it`,
  );
}

function tellEnd(observe: Observe, { label, seed, status, message, warnings }: RunRecord): void {
  observe({ kind: "run-end", label, seed, status, message, warnings });
}

async function openSession(
  suite: Suite,
  { out, cache, checkpointSeconds = CHECKPOINT_SECONDS, leaseSeconds }: SingleOptions,
  plan: EnginePlan,
  observe: Observe,
  signal: AbortSignal,
): Promise<Session> {
  await checkDataIsHere(suite.data.name, cache);
  const lease = leaseSeconds === undefined ? {} : { leaseSeconds };
  return {
    suite,
    out,
    cache,
    checkpointSeconds,
    plan,
    observe,
    signal,
    machine: await describeMachine(plan),
    ...lease,
  };
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

/** One attempt at one run: a team of Workers under this supervising thread, which owns the attempt, keeps its journal,
 *  checkpoints and weights, and never blocks. @module */

import { join } from "node:path";
import { loadAverage } from "../backends/hardware.ts";
import { CheckpointSaver, findCheckpoint, type FoundCheckpoint, removeCheckpoints } from "./checkpoint_files.ts";
import type { EnginePlan } from "./engine_request.ts";
import { EngineTeam, type OpenedEngine } from "./engine_team.ts";
import { countEvents, Journal, type JournalEvent } from "./journal.ts";
import { findRunFolders, listAttempts } from "./output_folder.ts";
import type { Observe } from "./progress.ts";
import type { Machine } from "./result.ts";
import { type PlannedRun, runName } from "./run_config.ts";
import type { FromWorker, RunJob } from "./run_job.ts";
import { type ClaimOptions, type Holder, lastOwner, RunOwner, waitUntilFree } from "./run_owner.ts";
import type { Suite } from "./suite.ts";
import { UsageError } from "./usage_error.ts";
import { WeightsSaver } from "./weights_saver.ts";

/** What the runs of one call share. */
export interface Session {
  readonly suite: Suite;
  /** Results folder. */
  readonly out: string;
  /** Folder of downloaded data sets. */
  readonly cache: string;
  /** Seconds from one checkpoint on the disk to the next. */
  readonly checkpointSeconds: number;
  readonly plan: EnginePlan;
  readonly observe: Observe;
  readonly signal: AbortSignal;
  readonly machine: Machine;
  /** How long an owner elsewhere may be silent. */
  readonly leaseSeconds?: number;
}

/** How a run that others may be at work on is taken. */
export interface TakeOptions {
  /** Wait for them instead of leaving it to them. */
  readonly wait: boolean;
  /** Asked once the run is free: somebody may have ended it in the meantime. */
  readonly isDone: () => Promise<boolean>;
}

/**
 * Takes the run and makes one attempt at it; once its journal is open, what goes wrong ends there and not in an exception.
 *
 * @returns Who is at work on the run, where it was left to them.
 * @throws {Error} When the engine does not start, the folder belongs to another engine, or the disk refuses the journal.
 */
export async function attemptRun(session: Session, planned: PlannedRun, take: TakeOptions): Promise<Holder | null> {
  const team = new EngineTeam(session.plan);
  try {
    const folder = await runFolder(session.out, planned, await team.open());
    for (;;) {
      const holder = await waitUntilFree(folder, claimOptions(session, take));
      if (holder !== null || await take.isDone()) return holder;
      await using owner = await RunOwner.create(folder);
      if (owner === null) continue;
      await keepAttempt(session, planned, { team, folder, owner });
      return null;
    }
  } finally {
    team.close();
  }
}

function claimOptions({ observe, signal, leaseSeconds }: Session, { wait }: TakeOptions): ClaimOptions {
  const tell = (text: string): void => observe({ kind: "note", text });
  return { wait, signal, tell, ...leaseSeconds === undefined ? {} : { leaseSeconds } };
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
  readonly folder: string;
  readonly owner: RunOwner;
}

/** The attempt's journal, from its beginning to its end. */
async function keepAttempt(session: Session, planned: PlannedRun, place: RunPlace): Promise<void> {
  const { folder, owner } = place, { machine } = session;
  const found = await findCheckpoint(folder, (text) => session.observe({ kind: "note", text }));
  const journal = new Journal(join(owner.path, "events.jsonl"));
  try {
    const load = await loadAverage();
    journal.append({ ...await describeStart(place, found), loadAverage: load, machine });
    warnOfLoad(journal, load, machine);
    const end = await superviseRun(session, planned, { ...place, journal, found });
    journal.append({ ...end, loadAverage: await loadAverage() });
  } finally {
    journal.close();
  }
}

type AttemptEvent = Extract<JournalEvent, { event: "attempt" }>;

/** Where the attempt goes on, what of earlier attempts counts, and what their end cost. */
async function describeStart(
  { folder, owner }: RunPlace,
  found: FoundCheckpoint | null,
): Promise<Omit<AttemptEvent, "loadAverage" | "machine">> {
  const { record, clock } = found?.checkpoint.state ?? {};
  const fromStep = record?.step ?? 0, trainSeconds = clock?.seconds.train ?? 0;
  const before = await lastOwner(folder, owner.attempt), now = new Date();
  const earlier = (await listAttempts(folder)).filter((attempt) => attempt < owner.attempt);
  return {
    ...{ event: "attempt", attempt: owner.attempt, fromStep, trainSeconds, startedAt: now.toISOString() },
    // Counted after the checkpoint was found, so that all that came before the checkpoint counts.
    earlier: await Promise.all(earlier.map(async (attempt) => {
      return { attempt, events: await countEvents(join(folder, `attempt-${attempt}`, "events.jsonl")) };
    })),
    lostSeconds: before && Math.max(0, before.trainSeconds - trainSeconds),
    downSeconds: before && Math.max(0, (now.getTime() - Date.parse(before.at)) / 1000),
  };
}

/** Other work on the machine makes every time longer; the record must show it. */
function warnOfLoad(journal: Journal, load: number | null, { cores }: Machine): void {
  if (load === null || cores === null || load <= cores) return;
  const message = "the machine had more work than cores when the run began";
  const warning = { code: "busy-machine", message, advice: "run it again on a quiet machine before using its times" };
  journal.append({ event: "warning", warning });
}

type EndEvent = Extract<JournalEvent, { event: "end" }>;

/** What an attempt at work has at hand. */
interface Attempt extends RunPlace {
  readonly journal: Journal;
  /** Where the run goes on. */
  readonly found: FoundCheckpoint | null;
}

/** Lets the team run and keeps what it sends. @returns How the run ended, once all its files are written. */
async function superviseRun(session: Session, planned: PlannedRun, attempt: Attempt): Promise<EndEvent> {
  const { team, journal, folder, owner, found } = attempt;
  const saver = new WeightsSaver({ folder: owner.path, journal }), checkpoints = new CheckpointSaver(owner.path);
  let end: EndEvent | undefined;
  const hear = (message: FromWorker): void => {
    if (message.kind === "progress") session.observe(message.event);
    if (message.kind === "progress" && message.event.kind === "step") owner.trainSeconds = message.event.trainSeconds;
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
    const signal = AbortSignal.any([session.signal, owner.lost, saver.failed, checkpoints.failed]);
    const cameToItsEnd = await team.run(jobOf(session, planned, found), hear, signal);
    await saver.finish();
    await checkpoints.finish();
    if (owner.lost.aborted) return unfinished("interrupted", (owner.lost.reason as Error).message);
    if (!cameToItsEnd || !end) return unfinished("interrupted", "stopped in the middle of a step");
    if (end.status === "completed" || end.status === "diverged") await removeCheckpoints(folder, owner.attempt);
    return end;
  } catch (error) {
    await Promise.allSettled([saver.finish(), checkpoints.finish()]);
    return unfinished("failed", (error as Error).message);
  }
}

function unfinished(status: EndEvent["status"], message: string): EndEvent {
  return { event: "end", status, message, peakMemoryBytes: null, loadAverage: null, cost: null };
}

function jobOf(session: Session, { config, label }: PlannedRun, found: FoundCheckpoint | null): RunJob {
  const { suite, plan, cache, checkpointSeconds } = session;
  const { evaluation, final, strong, alarm, targets } = suite;
  const place = { checkpoint: found?.bytes ?? null, checkpointSeconds };
  return { config, evaluation, final, strong, alarm, targets, label, engineReason: plan.reason, cache, ...place };
}

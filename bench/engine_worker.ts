/** A Worker of a team: opens its engine, does one piece of work in lockstep with the others. The worker of rank 0 reports
 *  everything to the supervising thread; the others report only that they failed. @module */

import { calibrate } from "../backends/calibration.ts";
import type { Engine } from "../backends/engine.ts";
import { findEngine } from "../backends/registry.ts";
import { joinTeam } from "../backends/shared_team.ts";
import { soloTeam } from "../backends/team.ts";
import { RunClock } from "./clock.ts";
import type { SaveChunk } from "./evaluate_weights.ts";
import type { JournalEvent } from "./journal.ts";
import type { ProgressEvent } from "./progress.ts";
import { engineKey, engineRecord } from "./run_config.ts";
import type { FromWorker, OpenRequest, RunJob, ToWorker, WorkerTask } from "./run_job.ts";

const post = (message: FromWorker, transfer: Transferable[] = []): void => self.postMessage(message, transfer);

/** Steps and images judged closer together than this are not told, so that drawing never slows training. */
const PROGRESS_MILLISECONDS = 100;

let engine: Engine | undefined;
let stop = new Int32Array(new SharedArrayBuffer(4));
const clock = new RunClock();

async function hear(message: ToWorker): Promise<void> {
  if (message.kind === "open") return await open(message);
  const value = await work(engine!, message);
  if (engine!.team.rank === 0) post({ kind: "done", value });
}

async function open({ plan, seat, calibrate: measure, ...request }: OpenRequest): Promise<void> {
  stop = new Int32Array(request.stop);
  const team = seat === null ? soloTeam(plan.shards) : joinTeam(seat);
  engine = await clock.during("warmUp", () => findEngine(plan.engine).open({ precision: plan.precision, team }));
  const record = { ...engineRecord(engine), reason: plan.reason };
  const calibration = measure ? await calibrate(engine) : null;
  post({ kind: "opened", engine: record, engineKey: engineKey(record), calibration });
}

/** What a task needs is loaded with it: a Worker starts in half the time. Names in variables keep Deno from loading all. */
const modules = {
  evaluate: "./evaluate_weights.ts",
  cost: "./measure_cost.ts",
  attackCost: "./measure_attack_cost.ts",
  chunk: "./outcome_store.ts",
  run: "./run_loop.ts",
};

async function work(engine: Engine, task: WorkerTask): Promise<unknown> {
  const observe = engine.team.rank === 0 ? sparse((event) => post({ kind: "progress", event })) : () => {};
  if (task.kind === "evaluate") {
    const { evaluateOn }: typeof import("./evaluate_weights.ts") = await import(modules.evaluate);
    return await evaluateOn(engine, task.options, observe, task.options.keeps ? await chunkPoster() : undefined);
  }
  if (task.kind === "attack-cost") {
    const { measureAttackCostOn }: typeof import("./measure_attack_cost.ts") = await import(modules.attackCost);
    return await measureAttackCostOn(engine, task.options);
  }
  if (task.kind === "cost") {
    const { measureCostOn }: typeof import("./measure_cost.ts") = await import(modules.cost);
    return await measureCostOn(engine, task.options);
  }
  return await train(engine, task.job, observe);
}

/** Sends the supervising thread what is to be kept. */
async function chunkPoster(): Promise<SaveChunk> {
  const { encodeChunk }: typeof import("./outcome_store.ts") = await import(modules.chunk);
  return (sweep, chunk) => {
    const bytes = new Uint8Array(encodeChunk(sweep, chunk));
    post({ kind: "chunk", bytes }, [bytes.buffer]);
  };
}

async function train(engine: Engine, job: RunJob, progress: (event: ProgressEvent) => void): Promise<void> {
  const { runTraining }: typeof import("./run_loop.ts") = await import(modules.run);
  const leads = engine.team.rank === 0;
  await runTraining(engine, job, {
    clock,
    journal: leads ? (event) => post({ kind: "journal", event }) : failOnly,
    saveWeights: leads ? (weights) => post({ kind: "weights", weights }, [weights.bytes.buffer]) : () => {},
    saveCheckpoint: leads
      ? (checkpoint) => post({ kind: "checkpoint", checkpoint }, [checkpoint.bytes.buffer])
      : () => {},
    progress,
    // The leader decides for all; the others are ended with the team.
    shouldStop: () => leads && Atomics.load(stop, 0) === 1,
  });
}

function failOnly(event: JournalEvent): void {
  if (event.event !== "end" || event.status !== "failed") return;
  post({ kind: "error", message: event.message ?? "a worker failed", stack: "" });
}

function sparse(observe: (event: ProgressEvent) => void): (event: ProgressEvent) => void {
  let last = 0;
  return (event) => {
    const isFrequent = event.kind === "step" || event.kind === "evaluation" && event.done < event.total;
    if (isFrequent && performance.now() - last < PROGRESS_MILLISECONDS) return;
    last = performance.now();
    observe(event);
  };
}

self.onmessage = ({ data }: MessageEvent<ToWorker>) => {
  hear(data).catch((error: Error) => {
    post({ kind: "error", message: error.message, stack: error.stack ?? "", isUsage: error.name === "UsageError" });
  });
};

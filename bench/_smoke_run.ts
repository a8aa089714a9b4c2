/** One run of the smoke suite, for tests. @module */

import assert from "node:assert/strict";
import { cpuEngine } from "../backends/cpu.ts";
import type { Engine } from "../backends/engine.ts";
import type { SavedCheckpoint } from "./checkpoint_files.ts";
import { type ClockName, RunClock } from "./clock.ts";
import type { JournalEvent } from "./journal.ts";
import { loadSuite } from "./load_suite.ts";
import type { ProgressEvent } from "./progress.ts";
import { planRuns } from "./run_config.ts";
import type { RunJob, SavedWeights } from "./run_job.ts";
import { runTraining } from "./run_loop.ts";

/** A clock that notes each switch. */
export class NotingClock extends RunClock {
  readonly switches: ClockName[] = [];

  override switchTo(name: ClockName): ClockName {
    this.switches.push(name);
    return super.switchTo(name);
  }

  get running(): ClockName {
    return this.switches.at(-1)!;
  }
}

/** Switches of the clock without those around checkpoints, which come when their time has come. */
export function apartFromCheckpoints(switches: readonly ClockName[]): ClockName[] {
  const isCheckpoint = (i: number) => switches[i] === "checkpoint" && switches[i - 1] === "train";
  return switches.filter((_, i) => !isCheckpoint(i) && !isCheckpoint(i - 1));
}

/** What a test may say otherwise. */
export interface SmokeRun {
  /** Changes to the suite. */
  readonly set?: readonly string[];
  /** Which of the suite's runs. @default {"natural"} */
  readonly label?: string;
  /** @default the cpu engine */
  readonly engine?: Engine;
  readonly clock?: NotingClock;
  readonly observe?: (event: ProgressEvent) => void;
  /** Asked as a run asks its host. @default never */
  readonly shouldStop?: () => boolean;
  /** Where to go on. @default the beginning */
  readonly checkpoint?: Uint8Array;
  /** @default 300 */
  readonly checkpointSeconds?: number;
}

/** A run of the smoke suite as a Worker gets it. */
export async function smokeJob({ set = [], label = "natural" }: Pick<SmokeRun, "set" | "label"> = {}): Promise<RunJob> {
  const suite = await loadSuite("smoke", { set: ["runs.*.epochs=1", "evaluation.everyExamples=64", ...set] });
  const { evaluation, final, strong, alarm, targets } = suite;
  const { config } = planRuns(suite).find((run) => run.label === label)!;
  return {
    config,
    evaluation,
    final,
    strong,
    alarm,
    targets,
    label,
    engineReason: "a test",
    cache: "unused",
    checkpoint: null,
    checkpointSeconds: 300,
  };
}

/** Runs it to its end and returns all that it said. */
export async function smokeRun(given: SmokeRun = {}) {
  const { engine, clock = new NotingClock(), observe = () => {}, shouldStop = () => false, ...which } = given;
  const events: (JournalEvent & { clock: ClockName })[] = [], saved: SavedWeights[] = [];
  const checkpoints: SavedCheckpoint[] = [], { checkpoint = null, checkpointSeconds = 300 } = given;
  await runTraining(engine ?? await cpuEngine.open(), { ...await smokeJob(which), checkpoint, checkpointSeconds }, {
    clock,
    journal: (event) => events.push({ ...event, clock: clock.running }),
    saveWeights: (weights) => saved.push(weights),
    saveCheckpoint: (checkpoint) => checkpoints.push(checkpoint),
    progress: observe,
    shouldStop,
  });
  const points = events.flatMap((event) => event.event === "point" ? [event.point] : []);
  const warnings = events.flatMap((event) => event.event === "warning" ? [event.warning.code] : []);
  const end = events.at(-1)!;
  assert.ok(end.event === "end");
  return { clock, events, points, warnings, saved, checkpoints, end };
}

/** What the supervising thread and the Workers of a team say to each other. @module */

import type { TeamSeat } from "../backends/shared_team.ts";
import type { SavedCheckpoint } from "./checkpoint_files.ts";
import type { EnginePlan } from "./engine_request.ts";
import type { EvaluateOptions } from "./evaluate_weights.ts";
import type { JournalEvent } from "./journal.ts";
import type { AttackCostOptions } from "./measure_attack_cost.ts";
import type { CostOptions } from "./measure_cost.ts";
import type { ProgressEvent } from "./progress.ts";
import type { Machine, RunRecord } from "./result.ts";
import type { RunConfig, Suite } from "./suite.ts";

/** One run as a Worker gets it; plain data. */
export interface RunJob {
  readonly config: RunConfig;
  readonly evaluation: Suite["evaluation"];
  readonly final: Suite["final"];
  /** What the weights kept at crossings, and the final ones, are attacked by after the run; null: nothing more. */
  readonly strong: Suite["strong"];
  /** How runs are watched for catastrophic overfitting; null: not at all. */
  readonly alarm: Suite["alarm"];
  readonly targets: readonly number[];
  readonly label: string;
  /** Why the engine was chosen, for the record. */
  readonly engineReason: string;
  /** Folder of downloaded data sets. */
  readonly cache: string;
  /** Where to go on: the bytes of a checkpoint; null for a run from its beginning. */
  readonly checkpoint: Uint8Array | null;
  /** Seconds from one checkpoint on the disk to the next. */
  readonly checkpointSeconds: number;
}

export type EngineRecord = NonNullable<RunRecord["engine"]>;

/** Weights to be kept: the bytes of a safetensors file. */
export interface SavedWeights {
  readonly kind: "last" | "best" | "crossing";
  /** The target that was crossed; null for other kinds. */
  readonly target: number | null;
  readonly step: number;
  readonly weightsSha256: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The first message: open the engine, and measure it where asked. */
export interface OpenRequest {
  readonly kind: "open";
  readonly plan: EnginePlan;
  /** The worker's place in the team; null where it is alone. */
  readonly seat: TeamSeat | null;
  /** Word 0 becomes 1 when work must end. */
  readonly stop: SharedArrayBuffer;
  readonly calibrate: boolean;
}

/** The second message: the work. */
export type WorkerTask =
  | { readonly kind: "run"; readonly job: RunJob }
  | { readonly kind: "evaluate"; readonly options: EvaluateOptions }
  | { readonly kind: "cost"; readonly options: CostOptions }
  | { readonly kind: "attack-cost"; readonly options: AttackCostOptions };

export type ToWorker = OpenRequest | WorkerTask;

export type FromWorker =
  | {
    readonly kind: "opened";
    readonly engine: EngineRecord;
    readonly engineKey: string;
    readonly calibration: Machine["calibration"];
  }
  | { readonly kind: "journal"; readonly event: JournalEvent }
  | { readonly kind: "weights"; readonly weights: SavedWeights }
  | { readonly kind: "checkpoint"; readonly checkpoint: SavedCheckpoint }
  | { readonly kind: "progress"; readonly event: ProgressEvent }
  /** From every worker: outcomes of a batch, to be kept. */
  | { readonly kind: "chunk"; readonly bytes: Uint8Array<ArrayBuffer> }
  /** The last message, from rank 0; a run's journal ended before it. */
  | { readonly kind: "done"; readonly value: unknown }
  | { readonly kind: "error"; readonly message: string; readonly stack: string; readonly isUsage?: boolean };

/** What the supervising thread and the training Worker say to each other. @module */

import type { EngineName } from "../backends/engine.ts";
import type { JournalEvent } from "./journal.ts";
import type { ProgressEvent } from "./progress.ts";
import type { Machine, RunRecord } from "./result.ts";
import type { RunConfig, Suite } from "./suite.ts";

/** One run as a Worker gets it; plain data. */
export interface RunJob {
  readonly config: RunConfig;
  readonly evaluation: Suite["evaluation"];
  readonly final: Suite["final"];
  readonly targets: readonly number[];
  readonly label: string;
  /** Folder of downloaded data sets. */
  readonly cache: string;
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

export type ToWorker =
  /** The first message: open the engine, and measure it where asked; word 0 of `stop` becomes 1 when work must end. */
  | {
    readonly kind: "open";
    readonly engine: EngineName;
    readonly stop: SharedArrayBuffer;
    readonly calibrate: boolean;
  }
  | { readonly kind: "run"; readonly job: RunJob };

export type FromWorker =
  | {
    readonly kind: "opened";
    readonly engine: EngineRecord;
    readonly engineKey: string;
    readonly calibration: Machine["calibration"];
  }
  | { readonly kind: "journal"; readonly event: JournalEvent }
  | { readonly kind: "weights"; readonly weights: SavedWeights }
  | { readonly kind: "progress"; readonly event: ProgressEvent }
  /** The last message; the journal's end event came before it. */
  | { readonly kind: "done" }
  | { readonly kind: "error"; readonly message: string; readonly stack: string };

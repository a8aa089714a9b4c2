/** What a long job tells its watcher while it works; the command line draws it, tests collect it. @module */

import type { Point, Warning } from "./result.ts";

export type ProgressEvent =
  | {
    readonly kind: "suite";
    readonly name: string;
    readonly out: string;
    readonly runs: number;
    readonly engine: string;
    readonly workers: number;
    /** Why this engine. */
    readonly reason: string;
  }
  | {
    readonly kind: "run-start";
    readonly label: string;
    readonly methodLabel: string;
    readonly seed: number;
    readonly index: number;
    readonly runs: number;
  }
  | {
    readonly kind: "run-skip";
    readonly label: string;
    readonly seed: number;
    readonly index: number;
    readonly status: string;
  }
  | {
    readonly kind: "step";
    /** Optimizer steps done and in all. */
    readonly step: number;
    readonly totalSteps: number;
    readonly epoch: number;
    readonly epochs: number;
    readonly stepInEpoch: number;
    readonly stepsPerEpoch: number;
    /** Mean loss of the last step, nats. */
    readonly loss: number;
    readonly trainSeconds: number;
  }
  /** Images judged so far by the evaluation in progress; `what` says which, such as "validation, PGD-20". */
  | { readonly kind: "evaluation"; readonly what: string; readonly done: number; readonly total: number }
  | { readonly kind: "point"; readonly label: string; readonly point: Point }
  | {
    readonly kind: "run-end";
    readonly label: string;
    readonly seed: number;
    readonly status: string;
    readonly message: string | null;
    readonly warnings: readonly Warning[];
  }
  | { readonly kind: "note"; readonly text: string };

export type Observe = (event: ProgressEvent) => void;

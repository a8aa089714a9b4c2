/** Where the seconds of an optimizer step go. Waiting for other workers happens inside the other phases; it is taken out
 *  of them and counted as a phase of its own. @module */

import type { Engine } from "../backends/engine.ts";

/** In the order of a step; `data` makes tensors of the batch, `wait` is every collective over the workers. */
export const STEP_PHASES = ["data", "attack", "weightGradients", "optimizer", "wait"] as const;

export type StepPhase = typeof STEP_PHASES[number];

/** Seconds of each phase. */
export type PhaseSeconds = Readonly<Record<StepPhase, number>>;

/** What the stopwatch reads; tests give their own. */
export interface PhaseSources {
  /** Seconds since some moment. */
  readonly now: () => number;
  /** Seconds spent in collectives so far. */
  readonly waited: () => number;
  /** Returns when the queued work is done, so that work is charged to the phase that asked for it. */
  readonly settle: () => void;
}

/** A stopwatch with one hand a phase. */
export class StepPhases {
  #sources: PhaseSources;
  #phase: StepPhase | null = null;
  #since = 0;
  #waited = 0;
  #sums = zeros();

  constructor(sources: PhaseSources) {
    this.#sources = sources;
  }

  /** Ends the phase that runs, if any, and begins another. */
  switchTo(phase: StepPhase | null): void {
    const { now, waited, settle } = this.#sources;
    settle();
    const at = now(), waitedSoFar = waited();
    if (this.#phase !== null) {
      const wait = waitedSoFar - this.#waited;
      this.#sums.wait += wait;
      this.#sums[this.#phase] += at - this.#since - wait;
    }
    [this.#phase, this.#since, this.#waited] = [phase, at, waitedSoFar];
  }

  /** Ends the phase that runs and returns the sums since the last call. */
  take(): PhaseSeconds {
    this.switchTo(null);
    const sums = this.#sums;
    this.#sums = zeros();
    return sums;
  }
}

/** The stopwatch of an engine. Its work is done when a call returns, but for an accelerator's: `settle` waits for that. */
export function phasesOf(engine: Engine, settle: () => void = () => {}): StepPhases {
  return new StepPhases({
    now: () => performance.now() / 1000,
    waited: engine.team.collectiveSeconds,
    settle,
  });
}

function zeros(): Record<StepPhase, number> {
  return { data: 0, attack: 0, weightGradients: 0, optimizer: 0, wait: 0 };
}

/** Learning rates as pure functions of the position in the run. Cyclic: Wong et al. 2020, arXiv:2001.03994, section 4
 *  (linear up, linear down). @module */

/** A schedule as a suite writes it. */
export type Schedule =
  | { readonly kind: "constant" }
  | {
    readonly kind: "piecewise";
    /** Epochs, counted from 0, at whose beginning the rate is multiplied by `factor`; in
     *  order, and two at one epoch multiply twice. */
    readonly milestones: readonly number[];
    readonly factor: number;
  }
  | {
    readonly kind: "cyclic";
    /** Where the peak lies, as a fraction of the run in 0..1. @default 0.5 */
    readonly peakAt?: number;
  };

/** Where in the run an optimizer step stands. */
export interface SchedulePosition {
  /** Optimizer steps done before this one, in the whole run. */
  readonly step: number;
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
}

/** @throws {RangeError} When milestones are below 0 or descend, the factor is not above 0, or the peak is outside 0..1. */
export function checkSchedule(schedule: Schedule): void {
  if (schedule.kind === "piecewise") {
    const { milestones, factor } = schedule;
    if (milestones.some((epoch, i) => !(epoch >= (milestones[i - 1] ?? 0)))) {
      throw new RangeError(`Cannot use milestones [${milestones.join(", ")}]: they must be epochs from 0, in order`);
    }
    if (!(factor > 0 && factor < Infinity)) {
      throw new RangeError(`Cannot use the schedule factor ${factor}: it must be a number above 0`);
    }
  }
  if (schedule.kind === "cyclic" && !((schedule.peakAt ?? 0.5) >= 0 && (schedule.peakAt ?? 0.5) <= 1)) {
    throw new RangeError(`Cannot use the schedule's peakAt ${schedule.peakAt}: it must be a fraction in 0..1`);
  }
}

/**
 * The learning rate of one step.
 *
 * @param base The rate before any milestone, or the cyclic schedule's peak.
 */
export function learningRateAt(schedule: Schedule, base: number, position: SchedulePosition): number {
  switch (schedule.kind) {
    case "constant":
      return base;
    case "piecewise": {
      const epoch = position.step / position.stepsPerEpoch;
      return base * schedule.factor ** schedule.milestones.filter((milestone) => epoch >= milestone).length;
    }
    case "cyclic":
      return base * triangle((position.step + 0.5) / position.totalSteps, schedule.peakAt ?? 0.5);
  }
}

/** 0 at both ends of 0..1 and 1 at the peak; read at the middle of each step, so that no step has rate 0. */
function triangle(at: number, peak: number): number {
  return at < peak ? at / peak : (1 - at) / (1 - peak);
}

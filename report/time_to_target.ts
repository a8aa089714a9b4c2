/** Time to a robust accuracy, over the seeds of one run label. A run that did not reach the target counts as infinitely
 *  slow in the median and never as the number of seconds that it trained; see docs of the clock in the report itself.
 *  @module */

import type { Result, RunRecord } from "../bench/result.ts";
import { medianOf, type Spread, spreadOf } from "../statistics/spread.ts";
import { formatSeconds } from "./format.ts";

/** How the runs of one label did on one target. */
export interface TimeToTarget {
  readonly target: number;
  /** Runs of the label, and those of them that reached the target. */
  readonly runs: number;
  readonly reached: number;
  /** Median over all runs of the label, in training seconds; null where at least half of them did not reach it. */
  readonly medianSeconds: number | null;
  /** The same median of the evaluations just before, at which the target was not yet met; 0 where there was none
   *  before; null with medianSeconds. */
  readonly lowerBoundSeconds: number | null;
  /** Over the runs that reached it. */
  readonly reachedSeconds: Spread | null;
  /** Between these two training times lie the crossings of all runs; the second is infinite where one did not reach. */
  readonly earliestSeconds: number;
  readonly latestSeconds: number;
  /** States of the runs that did not reach it and are not completed: ["diverged"]. */
  readonly unfinished: readonly RunRecord["status"][];
}

/** Sums up one target over the runs of one label. */
export function timeToTarget(result: Result, runs: readonly RunRecord[], target: number): TimeToTarget {
  const attack = result.suite.evaluation.attack;
  const crossings = runs.map((run) => {
    const entry = run.timeTo.find((time) => time.target === target && time.attack === attack);
    return { run, seconds: entry?.trainSeconds ?? null, entry };
  });
  const reached = crossings.filter((crossing) => crossing.seconds !== null);
  // Half reached and half not has no middle pair of numbers either: then there is no median to state.
  const middle = (values: number[]) => {
    const median = medianOf(values);
    return Number.isFinite(median) ? median : null;
  };
  const lower = crossings.map(({ seconds, entry }) => seconds === null ? Infinity : entry?.lowerBoundSeconds ?? 0);
  return {
    target,
    runs: runs.length,
    reached: reached.length,
    medianSeconds: middle(crossings.map(({ seconds }) => seconds ?? Infinity)),
    lowerBoundSeconds: middle(lower),
    reachedSeconds: reached.length === 0 ? null : spreadOf(reached.map(({ seconds }) => seconds ?? Infinity)),
    earliestSeconds: Math.min(...lower),
    latestSeconds: Math.max(...crossings.map(({ seconds }) => seconds ?? Infinity)),
    unfinished: crossings.filter(({ run, seconds }) => seconds === null && run.status !== "completed")
      .map(({ run }) => run.status),
  };
}

/** One cell: "12.3 s (after 9.8 s)", "12.3 s (first evaluation)", "12.3 s (after 9.8 s; 11.0 s to 13.1 s, 2 of 3
 *  reached)", "not reached", "not reached (diverged)". */
export function timeText(time: TimeToTarget): string {
  const { reached, runs, medianSeconds, reachedSeconds } = time;
  if (medianSeconds === null || reachedSeconds === null) {
    const remarks = [...new Set(time.unfinished)].map((state) => {
      const count = time.unfinished.filter((other) => other === state).length;
      return runs === 1 ? state : `${count} ${state}`;
    });
    if (reached > 0) remarks.unshift(`${reached} of ${runs} reached`);
    return "not reached" + (remarks.length > 0 ? ` (${remarks.join(", ")})` : "");
  }
  const bound = time.lowerBoundSeconds ? `after ${formatSeconds(time.lowerBoundSeconds)}` : "first evaluation";
  if (runs === 1) return `${formatSeconds(medianSeconds)} (${bound})`;
  const range = `${formatSeconds(reachedSeconds.min)} to ${formatSeconds(reachedSeconds.max)}`;
  return `${formatSeconds(medianSeconds)} (${bound}; ${range}, ${reached} of ${runs} reached)`;
}

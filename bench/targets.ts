/** When a target counts as reached: two evaluations in a row meet it, both on the cadence (a run's closing evaluation may
 *  come sooner and confirms nothing). The time is the first one's, the lower bound the evaluation's before that. No
 *  interpolation; a run that ends earlier has not reached it. @module */

import type { Point, RunRecord } from "./result.ts";

/** Whether `examples` training examples, `before` of them at the last step or evaluation, complete a cadence. */
export function isOnCadence(examples: number, before: number, everyExamples: number): boolean {
  return Math.floor(examples / everyExamples) > Math.floor(before / everyExamples);
}

/** The points that stand on the cadence, in order. */
export function pointsOnCadence(points: readonly Point[], everyExamples: number): Point[] {
  return points.filter((point, i) => isOnCadence(point.examples, points[i - 1]?.examples ?? 0, everyExamples));
}

/** Index of the first of two points in a row whose robust accuracy under `attack` is at least `target`; -1 if none. */
export function crossing(points: readonly Point[], attack: string, target: number): number {
  const meets = (point: Point | undefined): boolean =>
    point?.robust.some((row) => row.attack === attack && row.accuracy >= target) ?? false;
  return points.findIndex((point, index) => meets(point) && meets(points[index + 1]));
}

/** Times to each target under one attack, from a run's points on the cadence, in order. */
export function timesToTargets(
  points: readonly Point[],
  attack: string,
  targets: readonly number[],
): RunRecord["timeTo"] {
  return targets.map((target) => {
    const index = crossing(points, attack, target), point = points[index];
    return {
      target,
      attack,
      trainSeconds: point?.trainSeconds ?? null,
      lowerBoundSeconds: point ? points[index - 1]?.trainSeconds ?? 0 : null,
      epoch: point?.epoch ?? null,
      fullPasses: point?.passes.full ?? null,
    };
  });
}

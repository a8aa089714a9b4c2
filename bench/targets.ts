/** When a target counts as reached: two evaluations in a row meet it. The time is the first one's, the lower bound the
 *  evaluation's before that. No interpolation; a run that ends earlier has not reached it. @module */

import type { Point, RunRecord } from "./result.ts";

/** Index of the first of two points in a row whose robust accuracy under `attack` is at least `target`; -1 if none. */
export function crossing(points: readonly Point[], attack: string, target: number): number {
  const meets = (point: Point | undefined): boolean =>
    point?.robust.some((row) => row.attack === attack && row.accuracy >= target) ?? false;
  return points.findIndex((point, index) => meets(point) && meets(points[index + 1]));
}

/** Times to each target under one attack, from a run's points in order. */
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

/** What a target reached under a weak attack is worth: the accuracy of the weights kept at its first crossing under the
 *  suite's strong attack. @module */

import type { FinalRow, Result, RobustRow, RunRecord } from "../bench/result.ts";
import { wilsonInterval } from "../statistics/wilson.ts";
import { type Accuracy, accuracyOver } from "./accuracy.ts";
import { formatAccuracy, NONE } from "./format.ts";

/** How the runs of one label did on one target. */
export interface StrongThere {
  readonly target: number;
  /** Runs that reached the target. */
  readonly reached: number;
  /** Over the runs whose weights were judged; null where none was. */
  readonly accuracy: Accuracy | null;
  readonly hollow: readonly HollowTarget[];
}

/** A target that the strong attack takes back: the whole 95 % interval of what it left lies below. */
export interface HollowTarget {
  readonly seed: number;
  readonly target: number;
  readonly row: RobustRow;
  readonly split: string;
}

/** Null where the suite has no strong attack. */
export function strongThere(result: Result, runs: readonly RunRecord[], target: number): StrongThere | null {
  const { strong, evaluation } = result.suite;
  if (!strong) return null;
  const reached = runs.filter(({ timeTo }) =>
    timeTo.some((time) => time.target === target && time.attack === evaluation.attack && time.trainSeconds !== null)
  );
  const judged = reached.flatMap((run) => {
    const kept = run.final.crossings.find((crossing) => crossing.target === target)?.judged;
    const row = kept && strongRow(result, kept);
    return row ? [{ seed: run.seed, target, row, split: kept.split }] : [];
  });
  return {
    target,
    reached: reached.length,
    accuracy: accuracyOver(judged.map(({ row }) => row)),
    hollow: judged.filter(({ row }) => row.count > 0 && wilsonInterval(row.correct, row.count).upper < target),
  };
}

/** The row of the suite's strong attack on its number of images; a final attack of the same name judged others too. */
export function strongRow({ suite: { strong } }: Result, { robust }: FinalRow): RobustRow | undefined {
  return strong ? robust.find(({ attack, count }) => attack === strong.attack && count === strong.count) : undefined;
}

/** One cell: "61.0 % [55.4, 66.3]", "61.0 % (58.0 % to 64.0 %, 2 of 3)", "not judged", or "–" where nobody reached it. */
export function strongText(strong: StrongThere, runs: number): string {
  if (strong.reached === 0) return NONE;
  return strong.accuracy === null ? "not judged" : formatAccuracy(strong.accuracy, runs);
}

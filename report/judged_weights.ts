/** The saved weights of a result that were judged after training, each once. @module */

import type { FinalRow, Result, RunRecord } from "../bench/result.ts";
import { formatTarget } from "./format.ts";

export interface JudgedWeights {
  readonly run: RunRecord;
  /** "last", "best on validation", "first at 75 %", or several of these with commas. */
  readonly which: string;
  readonly row: FinalRow;
}

/** In the order of the runs; weights kept for several reasons come once, with what they were judged on for the first. */
export function judgedWeights({ runs }: Result): JudgedWeights[] {
  return runs.flatMap((run) => {
    const { last, bestValidation, crossings } = run.final;
    const kept: [string, FinalRow | null | undefined][] = [
      ["last", last],
      ["best on validation", bestValidation],
      ...crossings.map(({ target, judged }): [string, FinalRow | null | undefined] => [
        `first at ${formatTarget(target)}`,
        judged,
      ]),
    ];
    const judged = kept.flatMap(([which, row]) => row ? [{ which, row }] : []);
    return [...Map.groupBy(judged, ({ row }) => row.weightsSha256).values()].flatMap((same) => {
      const row = same[0]?.row;
      return row ? [{ run, which: same.map(({ which }) => which).join(", "), row }] : [];
    });
  });
}

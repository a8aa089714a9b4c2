/** What each stage of an ensemble such as AutoAttack added, as tables. @module */

import type { Result, RobustRow } from "../bench/result.ts";
import { wilsonInterval } from "../statistics/wilson.ts";
import { formatSeconds, formatShare } from "./format.ts";
import { judgedWeights } from "./judged_weights.ts";
import { attackName, attackNumber } from "./markdown_attacks.ts";
import { type Column, escapeMarkdown, table } from "./markdown_text.ts";

export const STAGE_COLUMNS: readonly Column[] = [
  { heading: "Stage" },
  { heading: "Attacked", numeric: true },
  { heading: "Still correct", numeric: true },
  { heading: "Accuracy after it", numeric: true },
  { heading: "Seconds", numeric: true },
];

/** One table for each ensemble among the final and strong attacks; empty where there is none. */
export function stageTables(result: Result): string {
  const judged = judgedWeights(result).flatMap(({ run, which, row }) =>
    row.robust.filter(({ stages }) => stages !== undefined).map((robust) => ({ run, which, robust }))
  );
  return [...Map.groupBy(judged, ({ robust }) => robust.attack)].map(([key, rows]) => {
    const cells = rows.flatMap(({ run, which, robust }) =>
      stageCells(robust).map((stage) => [`**${escapeMarkdown(run.label)}**`, String(run.seed), which, ...stage])
    );
    const columns = [{ heading: "Run" }, { heading: "Seed", numeric: true }, { heading: "Weights" }, ...STAGE_COLUMNS];
    return `Stages of ${attackName(result, key)} (${
      attackNumber(result, key)
    }), each run on the images that those before ` +
      `it left correct (in square brackets: 95 % intervals):\n\n${table(columns, cells)}`;
  }).join("\n\n");
}

/** A line for each stage, as STAGE_COLUMNS names its cells. Accuracies are of all images judged. */
export function stageCells({ stages = [], count }: RobustRow): string[][] {
  return stages.map(({ name, attacked, correct, seconds }) => [
    escapeMarkdown(name),
    String(attacked),
    String(correct),
    count === 0 || correct > count ? String(correct) : formatShare(correct / count, wilsonInterval(correct, count)),
    formatSeconds(seconds),
  ]);
}

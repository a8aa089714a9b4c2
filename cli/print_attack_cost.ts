/** What cost --attack prints for a person. @module */

import type { AttackCostReport } from "../bench/on_team.ts";
import { formatCount, formatRatio, formatSeconds } from "../report/format.ts";
import { twoColumns } from "./columns.ts";
import type { Output } from "./io.ts";
import { describeEngine, warnOfLoad } from "./print_cost.ts";
import { printTable } from "./print_table.ts";
import { bold } from "./style.ts";

/** Prints a heading, the passes as measured, and a row for each stage. */
export function printAttackCost(report: AttackCostReport, out: Output): void {
  out.write(`${bold(`${report.attack} on ${report.model}, batch ${report.batch}`, out.colors)}\n`);
  out.write(`${twoColumns(facts(report), out.columns())}\n`);
  warnOfLoad(report, out);
  const total = {
    label: "all stages",
    gradients: sum(report, "gradients"),
    forwards: sum(report, "forwards"),
    secondsPerImage: report.secondsPerImage,
    passSecondsPerImage: report.passSecondsPerImage,
  };
  printTable(
    out,
    ["for an image that withstands", "forward and backward", "forward", "seconds", "its passes alone", "ratio"],
    [...report.stages, ...report.stages.length > 1 ? [total] : []].map((stage) => [
      stage.label,
      formatCount(stage.gradients),
      formatCount(stage.forwards),
      formatSeconds(stage.secondsPerImage),
      formatSeconds(stage.passSecondsPerImage),
      formatRatio(stage.secondsPerImage / stage.passSecondsPerImage),
    ]),
  );
}

function facts(report: AttackCostReport): (readonly [string, string])[] {
  return [
    ["engine", describeEngine(report.engine)],
    [
      "passes",
      `forward and backward ${formatSeconds(report.gradientSecondsPerImage)}, forward ` +
      `${formatSeconds(report.forwardSecondsPerImage)} for an image; ε ${report.epsilon}, so that no image is fooled`,
    ],
  ];
}

function sum({ stages }: AttackCostReport, of: "gradients" | "forwards"): number {
  return stages.reduce((total, stage) => total + stage[of], 0);
}

/** The table at the end of a suite. @module */

import type { Result } from "../bench/result.ts";
import { titleOfAttack } from "../report/attack_of.ts";
import { formatPercent, formatRatio, formatSeconds, formatSpread, formatTarget } from "../report/format.ts";
import { orderChecks } from "../report/markdown_order.ts";
import { paperClaims } from "../report/paper_claims.ts";
import { formatMeasured, formatPublished } from "../report/paper_format.ts";
import { plainText } from "../report/plain_text.ts";
import { titleWithScale } from "../report/scale_text.ts";
import { strongText } from "../report/strong_there.ts";
import { summarize, type SummaryRow } from "../report/summarize.ts";
import { timeText } from "../report/time_to_target.ts";
import type { Output } from "./io.ts";
import { printTable } from "./print_table.ts";

/** Prints one row per run label, with the accuracies of the last weights on the final split. */
export function printSummary(result: Result, out: Output): void {
  const { suite } = result;
  const columns: [string, (row: SummaryRow) => string][] = [
    ["Run", (row) => row.trouble === "" ? row.label : `${row.label} (${row.trouble})`],
    ...suite.final.attacks.map((attack): [string, (row: SummaryRow) => string] => [
      titleOfAttack(result, attack),
      (row) => formatSpread(row.last.robust.get(attack) ?? null, row.runs.length, formatPercent),
    ]),
    ["clean", (row) => formatSpread(row.last.clean, row.runs.length, formatPercent)],
    ["step", (row) => formatSpread(row.secondsPerStep, row.runs.length, formatSeconds)],
    ["to natural", (row) => formatSpread(row.relativeToNatural, row.runs.length, formatRatio)],
    ...suite.targets.flatMap((target, index): [string, (row: SummaryRow) => string][] => [
      [
        `to ${formatTarget(target)} robust`,
        (row) => row.times[index] === undefined ? "" : timeText(row.times[index]),
      ],
      ...strongThereColumn(result, index),
    ]),
  ];
  out.write(
    `${
      plainText(titleWithScale(suite))
    }: accuracies on ${suite.final.count} ${suite.final.split} images, times in training seconds\n`,
  );
  const rows = summarize(result);
  printTable(out, columns.map(([name]) => name), rows.map((row) => columns.map(([, cell]) => cell(row))));
  for (const line of warningsOf(result, rows)) out.write(`${plainText(line)}\n`);
  printClaims(result, out);
}

/** What the strong attack left of the weights kept at a target; no column where the suite has none. */
function strongThereColumn(result: Result, index: number): [string, (row: SummaryRow) => string][] {
  const { strong } = result.suite;
  if (!strong) return [];
  return [[`${titleOfAttack(result, strong.attack)} there`, ({ strongThere, runs }) => {
    const there = strongThere[index];
    return there === undefined ? "" : strongText(there, runs.length);
  }]];
}

/** What must not be missed; report.md says it in full. */
function warningsOf(result: Result, rows: readonly SummaryRow[]): string[] {
  const significant = orderChecks(result).flatMap(({ check }) => check.inversions.filter((one) => one.significant));
  const title = titleOfAttack(result, result.suite.strong?.attack ?? "");
  return [
    ...significant.length === 0 ? [] : [
      `attacks out of order: ${significant.length} times a stronger attack left more images correct than a weaker one ` +
      "(p < 0.01); see report.md before trusting these accuracies",
    ],
    ...rows.flatMap(({ label, strongThere }) =>
      strongThere.flatMap(({ hollow }) =>
        hollow.map(({ target, seed, row }) =>
          `hollow: ${label} (seed ${seed}) has ${formatPercent(row.accuracy)} by ${title} where ${
            formatTarget(target)
          } was ` +
          "reached"
        )
      )
    ),
  ];
}

/** One line for each of the paper's figures that the suite repeats. */
function printClaims(result: Result, out: Output): void {
  if (!result.suite.paper) return;
  out.write(`${plainText(result.suite.paper.title)}, against measured:\n`);
  for (const claim of paperClaims(result)) {
    const reasons = [...new Set(claim.reasons.map(({ code }) => code))].join(", ");
    const verdict = reasons === "" ? claim.verdict : `${claim.verdict} (${reasons})`;
    const figures = `paper ${formatPublished(claim)}, measured ${formatMeasured(claim)}`;
    out.write(`  ${plainText(`${claim.run}, ${claim.quantity}: ${figures}: ${verdict}`)}\n`);
  }
}

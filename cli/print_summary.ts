/** The table at the end of a suite. @module */

import type { Result } from "../bench/result.ts";
import { attackOf } from "../report/attack_of.ts";
import { formatPercent, formatRatio, formatSeconds, formatSpread, formatTarget } from "../report/format.ts";
import { paperClaims } from "../report/paper_claims.ts";
import { formatMeasured, formatPublished } from "../report/paper_format.ts";
import { plainText } from "../report/plain_text.ts";
import { titleWithScale } from "../report/scale_text.ts";
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
      attackOf(result, attack)?.name ?? attack,
      (row) => formatSpread(row.last.robust.get(attack) ?? null, row.runs.length, formatPercent),
    ]),
    ["clean", (row) => formatSpread(row.last.clean, row.runs.length, formatPercent)],
    ["step", (row) => formatSpread(row.secondsPerStep, row.runs.length, formatSeconds)],
    ["to natural", (row) => formatSpread(row.relativeToNatural, row.runs.length, formatRatio)],
    ...suite.targets.map((target, index): [string, (row: SummaryRow) => string] => [
      `to ${formatTarget(target)} robust`,
      (row) => row.times[index] === undefined ? "" : timeText(row.times[index]),
    ]),
  ];
  out.write(
    `${
      plainText(titleWithScale(suite))
    }: accuracies on ${suite.final.count} ${suite.final.split} images, times in training seconds\n`,
  );
  printTable(out, columns.map(([name]) => name), summarize(result).map((row) => columns.map(([, cell]) => cell(row))));
  printClaims(result, out);
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

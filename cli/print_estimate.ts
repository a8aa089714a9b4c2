/** How long a suite will take, for a person. @module */

import type { RunSeconds, SuiteEstimate } from "../bench/estimate_hours.ts";
import type { Output } from "./io.ts";
import { printTable } from "./print_table.ts";

const BUSY = "Other work keeps the machine busy; on a quiet one it is faster\n";

/** Prints a row for each label, and the sum. */
export function printEstimate({ engine, isBusy, runs }: SuiteEstimate, out: Output): void {
  const labels = [...new Set(runs.map(({ label }) => label))];
  printTable(
    out,
    ["Run", "in all", "each", "training", "evaluation", "seeds"],
    labels.map((label) => row(label, runs.filter((run) => run.label === label))),
  );
  const { training, evaluation } = sumOf(runs), workers = engine.workers === 1 ? "" : ` with ${engine.workers} workers`;
  out.write(
    `About ${hours(training + evaluation)} on this machine, of which ${
      hours(evaluation)
    } evaluation: an estimate from ` +
      `one step on ${engine.name}${workers} and counted flops\n${isBusy ? BUSY : ""}`,
  );
}

function row(label: string, seeds: readonly RunSeconds[]): string[] {
  const { training, evaluation } = sumOf(seeds), all = training + evaluation;
  const each = [all, training, evaluation].map((seconds) => hours(seconds / seeds.length));
  return [label, hours(all), ...each, String(seeds.length)];
}

function sumOf(runs: readonly RunSeconds[]): Pick<RunSeconds, "training" | "evaluation"> {
  const sum = (part: "training" | "evaluation"): number => runs.reduce((sum, run) => sum + run[part], 0);
  return { training: sum("training"), evaluation: sum("evaluation") };
}

/** Two digits at most, since it is an estimate: "14,000 h", "2.5 h", "40 min", "8 s". */
function hours(seconds: number): string {
  if (seconds < 60) return `${rounded(seconds)} s`;
  return seconds < 3600 ? `${rounded(seconds / 60)} min` : `${rounded(seconds / 3600)} h`;
}

function rounded(value: number): string {
  return Number(value.toPrecision(2)).toLocaleString("en-US");
}

/** The tables that take the times of the paper's runs apart. @module */

import type { Result } from "../bench/result.ts";
import { digits, formatCount, formatRatio, formatSeconds, NONE } from "./format.ts";
import { escapeMarkdown, table } from "./markdown_text.ts";
import { type MeasuredTime, productOf, type TimeParts, timeParts } from "./paper_time.ts";

/** Empty where no run that the paper has completed. */
export function timeTables(result: Result): string {
  const parts = timeParts(result);
  if (parts.every(({ measured }) => measured === null)) return "";
  const baseline = parts.find(({ run }) => run === result.suite.paper?.baseline);
  return "Where the time goes: seconds per step × steps per epoch × epochs. The product leaves out loading and the " +
    `spread of steps around their median, which the training time has.\n\n${productTable(parts)}` +
    (baseline ? `\n\n${factorTable(parts.filter((part) => part !== baseline), baseline)}` : "");
}

function productTable(parts: readonly TimeParts[]): string {
  const columns = [
    { heading: "Run" },
    ...[
      "Full passes per step, public code",
      "Full passes per step",
      "Seconds per step",
      "Steps per epoch",
      "Epochs",
      "Product",
      "Training time",
      "Paper's minutes by public code's epochs",
      "Public code: epochs",
    ].map((heading) => ({ heading, numeric: true })),
  ];
  const cells = parts.map(({ run, measured, published }) => [
    `**${escapeMarkdown(run)}**`,
    shown(published.fullPassesPerStep, formatCount),
    shown(measured?.fullPassesPerStep, formatCount),
    shown(measured?.secondsPerStep, formatSeconds),
    shown(measured?.stepsPerEpoch, formatCount),
    shown(measured?.epochs, formatCount),
    shown(measured && productOf(measured), formatSeconds),
    shown(measured?.trainSeconds, formatSeconds),
    shown(ratio(published.minutes, published.epochs), digits),
    shown(published.epochs, formatCount),
  ]);
  return table(columns, cells);
}

/** The baseline's numbers over each run's: how many times less the run needs. */
function factorTable(parts: readonly TimeParts[], baseline: TimeParts): string {
  const columns = [
    { heading: "Run" },
    ...[
      "Full passes per step",
      "Seconds per step",
      "Steps per epoch",
      "Epochs",
      "Together",
      "Training time",
      "Paper's minutes by public code's epochs",
      "Public code: epochs",
      "Paper: together",
    ].map((heading) => ({ heading, numeric: true })),
  ];
  const cells = parts.map(({ run, measured, published }) => {
    const over = (value: (time: MeasuredTime) => number) =>
      shown(baseline.measured && measured && ratio(value(baseline.measured), value(measured)), formatRatio);
    const epochs = ratio(baseline.published.epochs, published.epochs);
    const minutes = ratio(baseline.published.minutes, published.minutes);
    return [
      `**${escapeMarkdown(run)}**`,
      over((time) => time.fullPassesPerStep),
      over((time) => time.secondsPerStep),
      over((time) => time.stepsPerEpoch),
      over((time) => time.epochs),
      over(productOf),
      over((time) => time.trainSeconds),
      shown(ratio(minutes, epochs), formatRatio),
      shown(epochs, formatRatio),
      shown(minutes, formatRatio),
    ];
  });
  return `How many times more of each **${escapeMarkdown(baseline.run)}** needs, where "together" is the product of ` +
    `seconds, steps and epochs:\n\n${table(columns, cells)}`;
}

function ratio(one: number | null, other: number | null): number | null {
  return one === null || !other ? null : one / other;
}

function shown(value: number | null | undefined, format: (value: number) => string): string {
  return value === null || value === undefined ? NONE : format(value);
}

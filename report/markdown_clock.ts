/** The Markdown report's section on what the clock measured, and where the seconds of each run went. @module */

import type { Result, RunRecord } from "../bench/result.ts";
import { formatSeconds, formatSpread } from "./format.ts";
import { attackName, attackNumber } from "./markdown_attacks.ts";
import { escapeMarkdown, list, table } from "./markdown_text.ts";
import { spreadOver, type SummaryRow } from "./summarize.ts";

type Cost = NonNullable<RunRecord["cost"]>;

const CLOCKS: readonly (readonly [string, (cost: Cost) => number])[] = [
  ["Training time", (cost) => cost.trainSeconds],
  ["Of it, loading data", (cost) => cost.loadSeconds],
  ["Evaluations", (cost) => cost.evaluationSeconds],
  ["Kept weights", (cost) => cost.checkpointSeconds],
  ["Start and warm-up", (cost) => cost.warmUpSeconds],
  ["Wall time", (cost) => cost.wallSeconds],
];

export function clockSection(result: Result, rows: readonly SummaryRow[]): string {
  const { everyExamples, count, split, attack } = result.suite.evaluation;
  const sentences = [
    "Training time starts when a run first touches training data. It covers loading the data (shown apart below), making " +
    "the adversarial images, the optimizer and every wait in between.",
    "It stands still while the network is judged, while weights that are kept are copied, hashed and encoded, and while " +
    "the data are hashed for the record. Writing files happens on another thread and does not stop it.",
    "Starting the engine and warming up come before it. Wall time is everything since the run began.",
    `Every run is judged after each ${everyExamples} training examples and at its end, on the same ${count} ${
      escapeMarkdown(split)
    } images with the same attack (${attackName(result, attack)}, ${
      attackNumber(result, attack)
    }) and the same random ` +
    "draws.",
    "Time per step is the median over the run's optimizer steps on full batches; evaluations are not in it.",
  ];
  return `## How the time is measured\n\n${list(sentences)}\n\n${clockTable(rows)}`.trimEnd();
}

function clockTable(rows: readonly SummaryRow[]): string {
  const begun = rows.filter((row) => row.runs.some((run) => run.cost !== null));
  if (begun.length === 0) return "";
  const columns = [{ heading: "Run" }, ...CLOCKS.map(([heading]) => ({ heading, numeric: true }))];
  const cells = begun.map(({ label, runs }) => [
    `**${escapeMarkdown(label)}**`,
    ...CLOCKS.map(([, seconds]) =>
      formatSpread(spreadOver(runs.map(({ cost }) => cost && seconds(cost))), runs.length, formatSeconds)
    ),
  ]);
  return table(columns, cells);
}

/** The Markdown report's section on what the clock measured, and where the seconds of each run went. @module */

import type { Result, RunRecord } from "../bench/result.ts";
import { formatSeconds, formatSpread } from "./format.ts";
import { attackName, attackNumber } from "./markdown_attacks.ts";
import { escapeMarkdown, list, table } from "./markdown_text.ts";
import { spreadOver, type SummaryRow } from "./summarize.ts";

type Cost = NonNullable<RunRecord["cost"]>;

const WAITING = "Of it, waiting for batches";

const CLOCKS: readonly (readonly [string, (cost: Cost) => number | null])[] = [
  ["Training time", (cost) => cost.trainSeconds],
  ["Of it, loading data", (cost) => cost.loadSeconds],
  [WAITING, (cost) => cost.dataWaitSeconds ?? null],
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
    ...replayLines(rows),
  ];
  return `## How the time is measured\n\n${list(sentences)}\n\n${clockTable(rows)}`.trimEnd();
}

/** Free-m takes several optimizer steps on each batch, which its steps per epoch count. */
function replayLines(rows: readonly SummaryRow[]): string[] {
  return rows.flatMap(({ label, first, runs }) => {
    const replays = /^free-(\d+)$/.exec(first.config.method.name)?.[1];
    const steps = runs.find(({ cost }) => cost !== null)?.cost?.stepsPerEpoch;
    if (replays === undefined || steps === undefined) return [];
    return [
      `**${
        escapeMarkdown(label)
      }** takes ${replays} optimizer steps on each batch, ${steps} in each of its epochs; its ` +
      "time and passes per step are of one of them.",
    ];
  });
}

function clockTable(rows: readonly SummaryRow[]): string {
  const begun = rows.filter((row) => row.runs.some((run) => run.cost !== null));
  if (begun.length === 0) return "";
  const waited = begun.some(({ runs }) => runs.some(({ cost }) => cost?.dataWaitSeconds !== undefined));
  const clocks = CLOCKS.filter(([heading]) => heading !== WAITING || waited);
  const columns = [{ heading: "Run" }, ...clocks.map(([heading]) => ({ heading, numeric: true }))];
  const cells = begun.map(({ label, runs }) => [
    `**${escapeMarkdown(label)}**`,
    ...clocks.map(([, seconds]) =>
      formatSpread(spreadOver(runs.map(({ cost }) => cost && seconds(cost))), runs.length, formatSeconds)
    ),
  ]);
  return table(columns, cells);
}

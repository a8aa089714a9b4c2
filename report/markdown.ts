/** report.md: what a person sees in ten seconds first, what a reviewer checks in ten minutes after it. @module */

import type { Result } from "../bench/result.ts";
import type { Exporter } from "./exporter.ts";
import { formatAccuracy, formatCount, formatRatio, formatSeconds, formatSpread, formatTarget, NONE } from "./format.ts";
import { headline } from "./headline.ts";
import { alarmNotice, alarmSection } from "./markdown_alarm.ts";
import { attackName, attackSection } from "./markdown_attacks.ts";
import { orderChecks, orderNotes, orderNotice } from "./markdown_order.ts";
import { stageTables } from "./markdown_stages.ts";
import { hollowNotes, strongColumn, strongNotes, strongThereColumn } from "./markdown_strong.ts";
import { clockSection } from "./markdown_clock.ts";
import { paperSection } from "./markdown_paper.ts";
import { identitySection, machineSection, recipeSection } from "./markdown_record.ts";
import { codeBlock, type Column, escapeMarkdown, list, table } from "./markdown_text.ts";
import { titleWithScale } from "./scale_text.ts";
import { strongText } from "./strong_there.ts";
import { summarize, type SummaryRow } from "./summarize.ts";
import { timeText } from "./time_to_target.ts";

const SAME_BITS =
  "The same weights to the last bit need the same engine, kernels, precision and shards; the number of " +
  "workers changes times only. Engine tensorflow does not promise the same bits on another machine.";

export const markdown: Exporter = {
  format: "markdown",
  fileName: "report.md",
  render(result) {
    const rows = summarize(result);
    const order = orderChecks(result);
    const sections = [
      `# ${titleOf(result)}`,
      alarmNotice(result),
      orderNotice(order),
      headline(result, rows),
      `![Robust accuracy against training seconds and against full passes](curves.svg)`,
      resultSection(result, rows),
      alarmSection(result),
      paperSection(result),
      recipeSection(result, rows),
      attackSection(result),
      orderNotes(order),
      stageTables(result),
      clockSection(result, rows),
      machineSection(result),
      identitySection(result),
      troubleSection(result),
      `## How to reproduce it\n\n${codeBlock(result.suite.command, "sh")}\n\n${SAME_BITS}\n\n${toolLine(result)}`,
    ];
    return sections.filter((section) => section !== "").join("\n\n") + "\n";
  },
};

/** "Title: one seed, CPU (2 cores)". */
function titleOf(result: Result): string {
  const seeds = result.suite.seeds.length === 1 ? "one seed" : `${result.suite.seeds.length} seeds`;
  const machines = result.machines.map((machine) => {
    const cores = machine.cores === null ? "" : ` (${machine.cores} ${machine.cores === 1 ? "core" : "cores"})`;
    return escapeMarkdown(machine.cpu ?? machine.arch) + cores;
  });
  const where = machines.length > 1 ? `${machines.length} machines` : machines[0] ?? "no machine";
  return `${escapeMarkdown(titleWithScale(result.suite))}: ${seeds}, ${where}`;
}

function resultSection(result: Result, rows: readonly SummaryRow[]): string {
  const { evaluation, final, targets, seeds } = result.suite;
  const attacks = final.attacks;
  const strong = strongColumn(result, rows.map(({ last }) => last));
  const columns: Column[] = [
    { heading: "Run" },
    { heading: "Clean", numeric: true },
    ...attacks.map((key) => ({ heading: `Robust, ${attackName(result, key)}`, numeric: true })),
    ...strong,
    ...targets.flatMap((target) => [
      { heading: `Time to ${formatTarget(target)}`, numeric: true },
      ...strongThereColumn(result),
    ]),
    { heading: "Per step", numeric: true },
    { heading: "Relative to natural", numeric: true },
    { heading: "Folklore", numeric: true },
    { heading: "Full passes per step", numeric: true },
    { heading: "First-layer passes per step", numeric: true },
    { heading: "Epochs", numeric: true },
    { heading: "Training time", numeric: true },
  ];
  const cells = rows.map((row) => [
    nameCell(row),
    formatAccuracy(row.last.clean, row.runs.length),
    ...attacks.map((key) => formatAccuracy(row.last.robust.get(key) ?? null, row.runs.length)),
    ...strong.map(() => formatAccuracy(row.last.strong, row.runs.length)),
    ...row.times.flatMap((time, index) => {
      const strong = row.strongThere[index];
      return [timeText(time), ...strong ? [strongText(strong, row.runs.length)] : []];
    }),
    ...costCells(row),
  ]);
  const notes = [
    `Clean and robust: accuracy of the last weights on ${final.count} ${escapeMarkdown(final.split)} images` +
    (final.split === evaluation.split
      ? ", from the split that targets are judged on."
      : ", on which no choice depended."),
    seeds.length > 1
      ? ""
      : "In square brackets: the 95 % interval (Wilson's) of the accuracy, for the sampling of the images judged alone; how " +
        "other seeds would differ is not in it.",
    ...targetNotes(result),
    ...strongNotes(result),
    seeds.length > 1
      ? "Over the seeds: median, with smallest to largest in brackets where they differ. In a median, a run that did not " +
        "reach a target counts as slower than all that did."
      : "",
    "Relative to natural: seconds per step over those of natural training with the same seed, batch, engine and " +
    "machine; folklore: the number commonly quoted (FGSM 2, PGD-K K + 1, YOPO-m-n about m).",
    "Full passes: forward and backward through the whole network. First-layer passes: YOPO's inner steps and its first " +
    "layer's gradient, which touch the first layer alone.",
  ];
  const parts = [
    "## Result",
    table(columns, cells),
    list(notes.filter((note) => note !== "")),
    hollowNotes(result, rows),
    bestTable(result, rows),
  ];
  return parts.filter((part) => part !== "").join("\n\n");
}

function targetNotes(result: Result): string[] {
  const { evaluation, targets } = result.suite;
  if (targets.length === 0) return [];
  const judged = `${evaluation.count} ${escapeMarkdown(evaluation.split)} images`;
  return [
    `Time to N %: training seconds until two evaluations in a row on ${judged} (${
      attackName(result, evaluation.attack)
    }) were at or above N %. In brackets the training seconds of the evaluation before, when it was not yet so ("first ` +
    `evaluation" where there was none before); nothing is interpolated.`,
    "Where the evaluation that closes a run comes sooner than the others, it is drawn but counts for no target.",
  ];
}

function nameCell(row: SummaryRow): string {
  return `**${escapeMarkdown(row.label)}**${row.trouble === "" ? "" : ` (${row.trouble})`}`;
}

function costCells(row: SummaryRow): string[] {
  const runs = row.runs.length;
  const planned = formatCount(row.first.config.epochs);
  const epochs = row.epochs === null ? `0 of ${planned}` : formatSpread(row.epochs, runs, formatCount);
  const complete = row.epochs !== null && row.epochs.min >= row.first.config.epochs && row.epochs.count === runs;
  return [
    formatSpread(row.secondsPerStep, runs, formatSeconds),
    formatSpread(row.relativeToNatural, runs, formatRatio),
    row.folklore === null ? NONE : `${formatCount(row.folklore)}×`,
    formatSpread(row.fullPassesPerStep, runs, formatCount),
    formatSpread(row.firstLayerPassesPerStep, runs, formatCount) +
    (row.first.cost?.innerLoopInClosedForm ? ", computed in closed form" : ""),
    complete ? planned : epochs.includes(" of ") ? epochs : `${epochs} of ${planned}`,
    formatSpread(row.trainSeconds, runs, formatSeconds),
  ];
}

/** The weights that were best on the validation images, beside the last ones above. */
function bestTable(result: Result, rows: readonly SummaryRow[]): string {
  const known = rows.filter((row) => row.bestValidation.clean !== null);
  if (known.length === 0) return "";
  const attacks = result.suite.final.attacks;
  const strong = strongColumn(result, known.map(({ bestValidation }) => bestValidation));
  const columns = [
    { heading: "Run" },
    { heading: "Clean", numeric: true },
    ...attacks.map((key) => ({ heading: `Robust, ${attackName(result, key)}`, numeric: true })),
    ...strong,
  ];
  const cells = known.map((row) => [
    nameCell(row),
    formatAccuracy(row.bestValidation.clean, row.runs.length),
    ...attacks.map((key) => formatAccuracy(row.bestValidation.robust.get(key) ?? null, row.runs.length)),
    ...strong.map(() => formatAccuracy(row.bestValidation.strong, row.runs.length)),
  ]);
  const split = escapeMarkdown(result.suite.evaluation.split);
  return `The same for the weights with the highest robust accuracy on the ${split} images during training:\n\n` +
    table(columns, cells);
}

function troubleSection(result: Result): string {
  const failed = result.runs.filter((run) => run.status !== "completed");
  const failures = failed.map((run) =>
    `**${escapeMarkdown(run.label)}**, seed ${run.seed}: ${run.status}${
      run.message === null ? "" : `: ${escapeMarkdown(run.message)}`
    }`
  );
  const warnings = result.runs.flatMap((run) => run.warnings.map((warning) => ({ run, warning })));
  const groups = Map.groupBy(
    warnings,
    ({ warning }) => JSON.stringify([warning.code, warning.message, warning.advice]),
  );
  const lines = [...groups.values()].flatMap((group) => {
    const warning = group[0]?.warning;
    if (!warning) return [];
    const runs = group.map(({ run }) => `${escapeMarkdown(run.label)} seed ${run.seed}`).join(", ");
    return [
      `${escapeMarkdown(warning.message)}; ${escapeMarkdown(warning.advice)} (${
        escapeMarkdown(warning.code)
      }: ${runs})`,
    ];
  });
  return `## Warnings\n\n${lines.length > 0 ? list(lines) : "None."}\n\n` +
    `## Runs that did not complete\n\n${failures.length > 0 ? list(failures) : "None."}`;
}

function toolLine(result: Result): string {
  const { name, version, commit } = result.tool;
  const source = commit === null ? "" : `, commit ${escapeMarkdown(commit)}`;
  return `${name} ${escapeMarkdown(version)}${source}; suite ${escapeMarkdown(result.suite.name)}, SHA-256 ` +
    `\`${result.suite.sha256}\`; begun ${
      escapeMarkdown(result.created)
    }. Everything here is derived from result.json; ` +
    "`report --check` says whether it still is.";
}

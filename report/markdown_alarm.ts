/** Catastrophic overfitting in the Markdown report: said at once at its top, and shown by the accuracies around the fall.
 *  What fired is read from the record's warnings; see the rule there. @module */

import type { AlarmPoint, Result, RunRecord } from "../bench/result.ts";
import { formatCount, formatPercent } from "./format.ts";
import { escapeMarkdown, list, table } from "./markdown_text.ts";

const CODE = "catastrophic-overfitting";
/** Epochs shown before and after the fall; the first and the last are shown anyway. */
const AROUND = 3;

interface Fired {
  readonly run: RunRecord;
  readonly message: string;
}

function firedRuns({ runs }: Result): Fired[] {
  return runs.flatMap((run) => {
    const warning = run.warnings.find(({ code }) => code === CODE);
    return warning ? [{ run, message: warning.message }] : [];
  });
}

/** A paragraph for the top of the report; empty where no alarm fired. */
export function alarmNotice(result: Result): string {
  const names = firedRuns(result).map(({ run }) => `**${escapeMarkdown(run.label)}** (seed ${run.seed})`);
  if (names.length === 0) return "";
  return `**Catastrophic overfitting** in ${
    names.join(", ")
  }: robust accuracy under several small steps collapsed during ` +
    "training while that under one large step held; see below before using any number of such a run.";
}

/** The accuracies of the runs whose alarm fired; empty where none did. */
export function alarmSection(result: Result): string {
  const fired = firedRuns(result);
  if (fired.length === 0) return "";
  const columns = [
    { heading: "Run" },
    ...["Seed", "Epoch", "PGD-10", "FGSM"].map((heading) => ({ heading, numeric: true })),
  ];
  const cells = fired.flatMap(({ run }) =>
    pointsAroundFall(run.alarm ?? []).map((point) => [
      `**${escapeMarkdown(run.label)}**`,
      String(run.seed),
      formatCount(point.epoch),
      formatPercent(point.pgd.accuracy),
      formatPercent(point.fgsm.accuracy),
    ])
  );
  const messages = fired.map(({ run, message }) =>
    `**${escapeMarkdown(run.label)}**, seed ${run.seed}: ${escapeMarkdown(message)}`
  );
  const points = fired.flatMap(({ run }) => run.alarm ?? []);
  const watched = [...new Set(points.map(({ attack, pgd }) => `${escapeMarkdown(attack)}, on ${pgd.count} images`))];
  const parts = [
    `## Catastrophic overfitting\n\n${list(messages)}`,
    cells.length === 0 ? "" : table(columns, cells),
    watched.length === 0 ? "" : `Watched after each epoch: ${watched.join("; ")}, and FGSM on the same.`,
  ];
  return parts.filter((part) => part !== "").join("\n\n");
}

/** The first point, the last, and those around the largest fall of PGD-10 accuracy between two points. */
function pointsAroundFall(points: readonly AlarmPoint[]): AlarmPoint[] {
  const falls = points.map((point, index) => (points[index - 1] ?? point).pgd.accuracy - point.pgd.accuracy);
  const at = falls.indexOf(Math.max(...falls));
  return points.filter((_, index) => index === 0 || index === points.length - 1 || Math.abs(index - at) <= AROUND);
}

/** result.csv: one line a point of the curves (and one for each attack, where a point was judged with several), for
 *  spreadsheets and data frames; then two for each point of the watch for catastrophic overfitting. RFC 4180, except that
 *  lines end in a line feed alone. @module */

import type { AlarmPoint, Point, Result, RobustRow, RunRecord } from "../bench/result.ts";
import { attackOf } from "./attack_of.ts";
import type { Exporter } from "./exporter.ts";
import { plainText } from "./plain_text.ts";

type Cell = string | number | null | undefined;

/** The columns, in order; units are in the names as in result.json. */
const COLUMNS: readonly (readonly [string, (line: Line) => Cell])[] = [
  ["suite", ({ result }) => result.suite.name],
  ["label", ({ run }) => run.label],
  ["method", ({ run }) => run.methodLabel],
  ["seed", ({ run }) => run.seed],
  ["runId", ({ run }) => run.id],
  ["status", ({ run }) => run.status],
  ["epoch", ({ point }) => point.epoch],
  ["step", ({ point }) => point.step],
  ["examples", ({ point }) => point.examples],
  ["trainSeconds", ({ point }) => point.trainSeconds],
  ["wallSeconds", ({ point }) => point.wallSeconds],
  ["passesFull", ({ point }) => point.passes?.full],
  ["passesForward", ({ point }) => point.passes?.forward],
  ["passesFirstLayerAdversary", ({ point }) => point.passes?.firstLayerAdversary],
  ["passesFirstLayerWeights", ({ point }) => point.passes?.firstLayerWeights],
  ["loss", ({ point }) => point.loss],
  ["split", ({ point }) => point.split],
  ["cleanAccuracy", ({ point }) => point.clean?.accuracy],
  ["cleanCorrect", ({ point }) => point.clean?.correct],
  ["cleanCount", ({ point }) => point.clean?.count],
  ["attack", ({ result, robust }) => robust && (attackOf(result, robust.attack ?? "")?.label ?? robust.attack)],
  ["robustAccuracy", ({ robust }) => robust?.accuracy],
  ["robustCorrect", ({ robust }) => robust?.correct],
  ["robustCount", ({ robust }) => robust?.count],
  ["robustSeconds", ({ robust }) => robust?.seconds],
  ["maxPerturbation", ({ robust }) => robust?.maxPerturbation],
];

interface Line {
  readonly result: Result;
  readonly run: RunRecord;
  readonly point: Partial<Point>;
  readonly robust: Partial<RobustRow> | undefined;
}

/** What the watch for catastrophic overfitting saw: two lines, whose split is "alarm" and whose times are empty. */
function alarmLines(result: Result, run: RunRecord, { epoch, step, attack, pgd, fgsm }: AlarmPoint): Line[] {
  const point = { epoch, step, split: "alarm" };
  return [{ attack, ...pgd }, { attack: "FGSM", ...fgsm }].map((robust) => ({ result, run, point, robust }));
}

export const csv: Exporter = {
  format: "csv",
  fileName: "result.csv",
  render(result) {
    const lines = result.runs.flatMap((run) =>
      [
        ...run.points.flatMap((point) => {
          const judged = point.robust.length > 0 ? point.robust : [undefined];
          return judged.map((robust) => ({ result, run, point, robust }));
        }),
        ...(run.alarm ?? []).flatMap((point) => alarmLines(result, run, point)),
      ].map((line) => COLUMNS.map(([, value]) => cell(value(line))).join(","))
    );
    return [COLUMNS.map(([name]) => name).join(","), ...lines].join("\n") + "\n";
  },
};

/** Text that a spreadsheet would take for a formula gets an apostrophe in front. */
function cell(value: Cell): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return String(value);
  const text = plainText(value).replace(/^(?=[=+\-@])/, "'");
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

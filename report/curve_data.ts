/** The rows behind the curves: one for each evaluation of each run, the medians over seeds, and the targets' crossings.
 *  @module */

import type { Point, Result, RunRecord } from "../bench/result.ts";
import { medianOf } from "../statistics/spread.ts";
import { shortText } from "./plain_text.ts";
import { summarize, type SummaryRow } from "./summarize.ts";

/** A point of a curve. Accuracies are fractions. */
export interface CurveRow {
  /** Name of the run label in the legend. */
  readonly run: string;
  /** Tells the lines of one name apart. */
  readonly line: string;
  readonly trainSeconds: number;
  readonly fullPasses: number;
  readonly clean: number;
  /** Absent where the point was not judged with the suite's attack. */
  readonly robust: number | null;
}

/** A target that the median of a run label reached, between two evaluations. */
export interface CrossingRow {
  readonly run: string;
  readonly target: number;
  readonly lowerBoundSeconds: number;
  readonly trainSeconds: number;
  readonly fullPasses: number;
}

export interface CurveData {
  /** Names in the legend, in the order of the result; a run label without any evaluation has none. */
  readonly names: readonly string[];
  /** One line a run. */
  readonly runs: readonly CurveRow[];
  /** One line a run label: the median over its seeds, or its only run. */
  readonly medians: readonly CurveRow[];
  readonly crossings: readonly CrossingRow[];
  /** Whether some run label has more than one run. */
  readonly several: boolean;
  /** What one unit of fullPasses is. */
  readonly passUnit: string;
}

export function curveData(result: Result): CurveData {
  const rows = summarize(result).filter((row) => row.epochs !== null);
  const names = distinctNames(rows.map((row) => row.label));
  const batches = new Set(result.runs.map((run) => run.config.batch));
  const [onlyBatch] = batches.size === 1 ? batches : [];
  // Passes over batches of different sizes are not the same work; then images are counted.
  const scale = (run: RunRecord) => onlyBatch === undefined ? run.config.batch : 1;
  const curve = (row: SummaryRow, name: string) =>
    row.runs.map((run) =>
      run.points.map((point) => curveRow(result, point, { name, line: run.seed, scale: scale(run) }))
    );
  const groups = rows.map((row, index) => ({ row, name: names[index] ?? row.label }));
  return {
    names,
    runs: groups.flatMap(({ row, name }) => curve(row, name).flat()),
    medians: groups.flatMap(({ row, name }) => medianCurve(curve(row, name).filter((points) => points.length > 0))),
    crossings: groups.flatMap(({ row, name }) => crossingRows(row, name, scale(row.first))),
    several: rows.some((row) => row.runs.length > 1),
    passUnit: onlyBatch === undefined ? "images" : `batches of ${onlyBatch}`,
  };
}

function curveRow(result: Result, point: Point, of: { name: string; line: number; scale: number }): CurveRow {
  const robust = point.robust.find((row) => row.attack === result.suite.evaluation.attack);
  return {
    run: of.name,
    line: `${of.name} ${of.line}`,
    trainSeconds: point.trainSeconds,
    fullPasses: point.passes.full * of.scale,
    clean: point.clean.accuracy,
    robust: robust?.accuracy ?? null,
  };
}

/** Medians of times and accuracies, evaluation by evaluation, as far as every run of the label got. */
function medianCurve(runs: readonly (readonly CurveRow[])[]): CurveRow[] {
  const [first] = runs;
  if (!first) return [];
  const length = Math.min(...runs.map((points) => points.length));
  return first.slice(0, length).map((row, index) => {
    const median = (value: (row: CurveRow) => number) =>
      medianOf(runs.flatMap((points) => points[index] ?? []).map(value));
    const judged = runs.every((points) => points[index]?.robust !== null);
    return {
      run: row.run,
      line: `${row.run} median`,
      trainSeconds: median((point) => point.trainSeconds),
      fullPasses: median((point) => point.fullPasses),
      clean: median((point) => point.clean),
      robust: judged ? median((point) => point.robust ?? 0) : null,
    };
  });
}

function crossingRows(row: SummaryRow, run: string, scale: number): CrossingRow[] {
  return row.times.flatMap(({ target, medianSeconds, lowerBoundSeconds, fullPasses }) =>
    medianSeconds === null ? [] : [{
      run,
      target,
      lowerBoundSeconds: lowerBoundSeconds ?? 0,
      trainSeconds: medianSeconds,
      fullPasses: (fullPasses ?? 0) * scale,
    }]
  );
}

/** Labels cut to a length that a legend can show; what a cut made equal is numbered. */
function distinctNames(labels: readonly string[]): string[] {
  const names: string[] = [];
  for (const label of labels) {
    const short = shortText(label, 28) || "unnamed";
    let name = short;
    for (let count = 2; names.includes(name); count++) name = `${short} (${count})`;
    names.push(name);
  }
  return names;
}

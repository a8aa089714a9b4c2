/** The rows behind the curves: one for each evaluation of each run, the medians over seeds, and the targets' crossings.
 *  @module */

import type { Point, Result, RunRecord } from "../bench/result.ts";
import { medianOf } from "../statistics/spread.ts";
import { shortText } from "./plain_text.ts";
import { summarize, type SummaryRow } from "./summarize.ts";

/** A point of a curve. Accuracies are fractions. */
interface CurveRow {
  /** Name of the run label in the legend. */
  readonly run: string;
  /** Tells the lines of one name apart. */
  readonly line: string;
  readonly trainSeconds: number;
  /** In passUnit. */
  readonly fullPasses: number;
  readonly clean: number;
  /** Absent where the point was not judged with the suite's attack. */
  readonly robust: number | null;
}

/** A target that the median of a run label reached, between two evaluations. */
interface CrossingRow {
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
  const passes = onlyBatch === undefined ? imagePasses : batchPasses;
  const curve = (row: SummaryRow, name: string) =>
    row.runs.map((run) => run.points.map((point) => curveRow(result, point, { name, line: run.seed, passes })));
  const groups = rows.map((row, index) => ({ row, name: names[index] ?? row.label }));
  return {
    names,
    runs: groups.flatMap(({ row, name }) => curve(row, name).flat()),
    medians: groups.flatMap(({ row, name }) => medianCurve(curve(row, name).filter((points) => points.length > 0))),
    crossings: groups.flatMap(({ row, name }) => crossingRows(result, row, { name, passes })),
    several: rows.some((row) => row.runs.length > 1),
    passUnit: onlyBatch === undefined ? "images" : `batches of ${onlyBatch}`,
  };
}

type Passes = (point: Point) => number;

const batchPasses: Passes = ({ passes }) => passes.full;

/** Passes over batches of different sizes are not the same work; then images are counted. Not as passes times the batch
 *  size, since an epoch's last batch may be smaller. */
const imagePasses: Passes = ({ passes, step, examples }) => step === 0 ? 0 : examples * passes.full / step;

function curveRow(result: Result, point: Point, of: { name: string; line: number; passes: Passes }): CurveRow {
  const robust = point.robust.find((row) => row.attack === result.suite.evaluation.attack);
  return {
    run: of.name,
    line: `${of.name} ${of.line}`,
    trainSeconds: point.trainSeconds,
    fullPasses: of.passes(point),
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

function crossingRows(result: Result, row: SummaryRow, of: { name: string; passes: Passes }): CrossingRow[] {
  return row.times.flatMap(({ target, medianSeconds, lowerBoundSeconds }) => {
    if (medianSeconds === null) return [];
    const fullPasses = medianOf(row.runs.map((run) => {
      const point = pointOfCrossing(result, run, target);
      return point ? of.passes(point) : Infinity;
    }));
    if (!Number.isFinite(fullPasses)) return []; // a record whose points do not hold its crossings
    return [{
      run: of.name,
      target,
      lowerBoundSeconds: lowerBoundSeconds ?? 0,
      trainSeconds: medianSeconds,
      fullPasses,
    }];
  });
}

function pointOfCrossing(result: Result, run: RunRecord, target: number): Point | undefined {
  const entry = run.timeTo.find((time) => time.target === target && time.attack === result.suite.evaluation.attack);
  return run.points.find((point) => point.trainSeconds === entry?.trainSeconds);
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

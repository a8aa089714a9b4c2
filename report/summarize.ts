/** The rows that all formats of the report share: one per run label, summed up over its seeds. Sorting, medians and
 *  what counts as comparable are decided here and nowhere else. @module */

import type { FinalRow, Result, RunRecord } from "../bench/result.ts";
import { type Spread, spreadOf } from "../statistics/spread.ts";
import { type Accuracy, accuracyOver, type StrongestAttack, strongestAttack } from "./accuracy.ts";
import { folkloreCost } from "./folklore.ts";
import { strongRow, type StrongThere, strongThere } from "./strong_there.ts";
import { type TimeToTarget, timeToTarget } from "./time_to_target.ts";

/** Accuracies of saved weights on the final split. */
interface FinalSummary {
  readonly clean: Accuracy | null;
  /** Of the final attacks, by key in the result's attacks. */
  readonly robust: ReadonlyMap<string, Accuracy>;
  /** Under the final attack that left each run the lowest accuracy. */
  readonly strongest: StrongestAttack | null;
  /** Under the suite's strong attack, on fewer images. */
  readonly strong: Accuracy | null;
}

export interface SummaryRow {
  readonly label: string;
  /** Built from the resolved configuration by the program that trained. */
  readonly methodLabel: string;
  readonly note: string | null;
  /** All runs of this label, in the order of the result; at least one. */
  readonly runs: readonly RunRecord[];
  readonly first: RunRecord;
  /** Runs whose state is not "completed": "diverged", or "1 diverged, 1 interrupted"; empty where all completed. */
  readonly trouble: string;
  readonly last: FinalSummary;
  readonly bestValidation: FinalSummary;
  /** In the order of the suite's targets. */
  readonly times: readonly TimeToTarget[];
  /** In the same order, what the strong attack left there; empty where the suite has none. */
  readonly strongThere: readonly StrongThere[];
  /** Each run's median. */
  readonly secondsPerStep: Spread | null;
  /** Seconds per step over those of the natural run with the same seed, batch, engine and machine. */
  readonly relativeToNatural: Spread | null;
  readonly folklore: number | null;
  readonly fullPassesPerStep: Spread | null;
  readonly firstLayerPassesPerStep: Spread | null;
  /** Passes over the training images at the last evaluation. */
  readonly epochs: Spread | null;
  readonly trainSeconds: Spread | null;
}

/** One row per run label, in the order of the result. */
export function summarize(result: Result): SummaryRow[] {
  const groups = Map.groupBy(result.runs, (run) => run.label);
  return [...groups.values()].flatMap((runs) => runs[0] ? [summarizeRuns(result, runs, runs[0])] : []);
}

function summarizeRuns(result: Result, runs: readonly RunRecord[], first: RunRecord): SummaryRow {
  const over = (value: (run: RunRecord) => number | null | undefined) => spreadOver(runs.map(value));
  return {
    label: first.label,
    methodLabel: first.methodLabel,
    note: first.note,
    runs,
    first,
    trouble: troubleOf(runs),
    last: finalOf(result, runs.map((run) => run.final.last)),
    bestValidation: finalOf(result, runs.map((run) => run.final.bestValidation)),
    times: result.suite.targets.map((target) => timeToTarget(result, runs, target)),
    strongThere: result.suite.targets.flatMap((target) => strongThere(result, runs, target) ?? []),
    secondsPerStep: over((run) => run.cost?.secondsPerStep?.median),
    relativeToNatural: over((run) => ratioToNatural(result, run)),
    folklore: folkloreCost(first.config.method.name),
    fullPassesPerStep: over((run) => run.cost?.fullPassesPerStep),
    firstLayerPassesPerStep: over((run) => run.cost?.firstLayerPassesPerStep),
    epochs: over((run) => run.points.at(-1)?.epoch),
    trainSeconds: over((run) => run.cost?.trainSeconds ?? run.points.at(-1)?.trainSeconds),
  };
}

/** The spread of the values that are known; null where none is. */
export function spreadOver(values: readonly (number | null | undefined)[]): Spread | null {
  const known = values.filter((value) => typeof value === "number");
  return known.length === 0 ? null : spreadOf(known);
}

function finalOf(result: Result, rows: readonly (FinalRow | null)[]): FinalSummary {
  const known = rows.filter((row) => row !== null);
  const finals = result.suite.final.attacks;
  // The first of each attack: the strong one may be a final attack again, on fewer images.
  const judged = known.map(({ robust }) => finals.flatMap((key) => robust.find(({ attack }) => attack === key) ?? []));
  const robust = finals.flatMap((key): [string, Accuracy][] => {
    const accuracy = accuracyOver(judged.flatMap((run) => run.filter(({ attack }) => attack === key)));
    return accuracy ? [[key, accuracy]] : [];
  });
  return {
    clean: accuracyOver(known.map((row) => row.clean)),
    robust: new Map(robust),
    strongest: strongestAttack(judged),
    strong: accuracyOver(known.flatMap((row) => strongRow(result, row) ?? [])),
  };
}

function troubleOf(runs: readonly RunRecord[]): string {
  const states = Map.groupBy(runs.map((run) => run.status).filter((state) => state !== "completed"), (state) => state);
  return [...states].map(([state, which]) => runs.length === 1 ? state : `${which.length} ${state}`).join(", ");
}

/** Null where the suite has no natural run that differs in the method alone: a ratio across machines, engines or batch
 *  sizes would not be the method's. */
function ratioToNatural(result: Result, run: RunRecord): number | null {
  const seconds = run.cost?.secondsPerStep?.median;
  const place = placeOf(run);
  const natural = result.runs.find((other) =>
    other.config.method.name === "natural" && other.seed === run.seed && other.config.batch === run.config.batch &&
    (other.cost?.secondsPerStep?.median ?? 0) > 0 && placeOf(other) === place
  );
  const unit = natural?.cost?.secondsPerStep?.median;
  return seconds === undefined || unit === undefined || place === null ? null : seconds / unit;
}

/** Engine, workers and machine as one text; null where a run moved between machines. */
export function placeOf(run: RunRecord): string | null {
  const machines = new Set(run.attempts.map((attempt) => attempt.machine));
  return machines.size > 1 ? null : JSON.stringify([run.engineKey, run.engine?.workers ?? null, ...machines]);
}

/** Each published figure beside the measured one, with a verdict. A figure is confirmed where attack, data and schedule
 *  are the paper's, at least three seeds completed, and it lies within one percentage point or two standard deviations
 *  over the seeds (whichever is more) of their mean; not confirmed where only that last part fails; else not comparable.
 *  Times are stated in minutes, and as parts of the baseline's time with the same seed on the same
 *  machine; neither is ever confirmed or refuted on other hardware. @module */

import type { Result, RunRecord } from "../bench/result.ts";
import { type SampleMean, sampleMeanOf } from "../statistics/sample_mean.ts";
import { formatTarget } from "./format.ts";
import { imageReasons, matchAttack, type Paper, type PaperRow, type Reason, trainingReasons } from "./paper_reasons.ts";
import { placeOf } from "./summarize.ts";

export const LEAST_SEEDS = 3;
const POINT = 0.01;
/** 0.96 - 0.95 is a little more than 0.01 in binary. */
const ROUNDING = 1e-9;

export type Verdict = "confirmed" | "not confirmed" | "not comparable";

export interface Claim {
  /** Label of the run. */
  readonly run: string;
  /** "clean", "PGD-40", "minutes", "part of pgd-40's time": the column that the figure stands in. */
  readonly quantity: string;
  /** Fractions of 1 or minutes. */
  readonly unit: "fraction" | "minutes";
  readonly published: number;
  /** Over the completed runs; null where none has a value. */
  readonly measured: SampleMean | null;
  /** Completed runs that never got there: a target that was not reached. */
  readonly missed: number;
  readonly verdict: Verdict;
  /** Why it is not comparable; empty otherwise. */
  readonly reasons: readonly Reason[];
}

/** What a claim is judged by. */
interface Evidence {
  /** One per completed run; null where the run never got there. */
  readonly values: readonly (number | null)[];
  readonly reasons: readonly Reason[];
}

/** All claims of the paper's table, row by row; none where the suite repeats no table. */
export function paperClaims(result: Result): Claim[] {
  const { paper } = result.suite;
  return paper ? paper.rows.flatMap((row) => rowClaims(result, paper, row)) : [];
}

function rowClaims(result: Result, paper: Paper, row: PaperRow): Claim[] {
  const base = { run: row.run, training: trainingReasons(result, paper, row), runs: completed(result, row.run) };
  const claims: Claim[] = [];
  const add = (quantity: string, unit: Claim["unit"], published: number, { values, reasons }: Evidence) =>
    claims.push(judge({ run: row.run, quantity, unit, published }, values, [...base.training, ...reasons]));
  if (row.clean) add("clean", "fraction", row.clean.value, cleanEvidence(result, paper, base.runs));
  for (const robust of row.robust) {
    add(robust.attack, "fraction", robust.value, robustEvidence(result, paper, base.runs, robust.attack));
  }
  const baseline = paper.rows.find(({ run }) => run === paper.baseline && run !== row.run);
  if (row.minutes) {
    const seconds = (run: RunRecord) => run.cost?.trainSeconds ?? null;
    add("minutes", "minutes", row.minutes.value, minutesEvidence(base.runs, seconds));
    if (baseline?.minutes) {
      const share = row.minutes.value / baseline.minutes.value;
      add(
        `part of ${baseline.run}'s time`,
        "fraction",
        share,
        shareEvidence(result, paper, { row, baseline, seconds }),
      );
    }
  }
  if (row.reached) {
    const { target, attack, value } = row.reached;
    const reasons = targetReasons(result, paper, row.reached);
    const seconds = (run: RunRecord) =>
      run.timeTo.find((time) => time.target === target && time.attack === result.suite.evaluation.attack)
        ?.trainSeconds ??
        null;
    const minutes = minutesEvidence(base.runs, seconds);
    const goal = `to ${formatTarget(target)} under ${attack}`;
    add(`minutes ${goal}`, "minutes", value, { ...minutes, reasons: [...reasons, ...minutes.reasons] });
    if (baseline?.reached) {
      const share = shareEvidence(result, paper, { row, baseline, seconds });
      const evidence = { ...share, reasons: [...reasons, ...share.reasons] };
      add(`part of ${baseline.run}'s time ${goal}`, "fraction", value / baseline.reached.value, evidence);
    }
  }
  return claims;
}

function completed({ runs }: Result, label: string): RunRecord[] {
  return runs.filter((run) => run.label === label && run.status === "completed");
}

/** The verdict on one figure. */
export function judge(
  claim: Pick<Claim, "run" | "quantity" | "unit" | "published">,
  values: readonly (number | null)[],
  reasons: readonly Reason[],
): Claim {
  const known = values.filter((value) => value !== null);
  const measured = known.length === 0 ? null : sampleMeanOf(known);
  const absent = reasons.find(({ code }) => code === "not in the suite" || code === "attack not run");
  const all = absent ? [absent] : unique(reasons);
  if (!absent && values.length < LEAST_SEEDS) {
    all.push({ code: "few seeds", detail: `${values.length} completed, at least ${LEAST_SEEDS} are needed` });
  }
  const missed = values.length - known.length;
  const near = measured !== null && missed === 0 &&
    Math.abs(claim.published - measured.mean) <= Math.max(POINT, 2 * (measured.deviation ?? 0)) + ROUNDING;
  const verdict = all.length > 0 ? "not comparable" : near ? "confirmed" : "not confirmed";
  return { ...claim, measured, missed, verdict, reasons: all };
}

function unique(reasons: readonly Reason[]): Reason[] {
  return [...new Map(reasons.map((reason) => [JSON.stringify(reason), reason])).values()];
}

function cleanEvidence({ suite }: Result, paper: Paper, runs: readonly RunRecord[]): Evidence {
  const judged = runs.flatMap(({ final }) => final.last ? [final.last.clean] : []);
  return accuracyEvidence(paper, suite.final.split, judged);
}

function robustEvidence(result: Result, paper: Paper, runs: readonly RunRecord[], attack: string): Evidence {
  const { key, reasons } = matchAttack(result, paper, attack, result.suite.final.attacks);
  const judged = runs.flatMap(({ final }) => final.last?.robust.filter((row) => row.attack === key).slice(0, 1) ?? []);
  const evidence = accuracyEvidence(paper, result.suite.final.split, judged);
  return { ...evidence, reasons: [...reasons, ...evidence.reasons] };
}

function accuracyEvidence(
  paper: Paper,
  split: string,
  judged: readonly { readonly accuracy: number; readonly count: number }[],
): Evidence {
  const counts = [...new Set(judged.map(({ count }) => count))];
  return {
    values: judged.map(({ accuracy }) => accuracy),
    reasons: counts.flatMap((count) => imageReasons(paper, split, count)),
  };
}

const OTHER_HARDWARE: Reason = {
  code: "other hardware",
  detail: "times and their ratios are of the machine and the program that they were measured on",
};

function minutesEvidence(runs: readonly RunRecord[], secondsOf: (run: RunRecord) => number | null): Evidence {
  const values = runs.map((run) => {
    const seconds = secondsOf(run);
    return seconds === null ? null : seconds / 60;
  });
  return { values, reasons: [OTHER_HARDWARE] };
}

/** Times over those of the baseline with the same seed, engine, workers and machine. */
function shareEvidence(
  result: Result,
  paper: Paper,
  of: { row: PaperRow; baseline: PaperRow; seconds: (run: RunRecord) => number | null },
): Evidence {
  const others = completed(result, of.baseline.run);
  const values = completed(result, of.row.run).flatMap((run) => {
    const place = placeOf(run);
    const other = others.find((candidate) => candidate.seed === run.seed && placeOf(candidate) === place);
    if (place === null || other === undefined) return [];
    const [own, whole] = [of.seconds(run), of.seconds(other)];
    return [own === null || !whole ? null : own / whole];
  });
  return { values, reasons: [OTHER_HARDWARE, ...trainingReasons(result, paper, of.baseline)] };
}

function targetReasons(result: Result, paper: Paper, reached: NonNullable<PaperRow["reached"]>): Reason[] {
  const { targets, evaluation } = result.suite;
  const reasons = [
    ...matchAttack(result, paper, reached.attack, [evaluation.attack]).reasons,
    ...imageReasons(paper, evaluation.split, evaluation.count),
  ];
  if (!targets.includes(reached.target)) {
    reasons.push({ code: "not measured", detail: `the suite has no target of ${formatTarget(reached.target)}` });
  }
  return reasons;
}

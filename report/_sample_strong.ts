/** What a strong attack adds to the sample result: fewer images, judged at the end and at each target, outcomes image by
 *  image included. @module */

import type { FinalRow, Result, RobustRow, RunRecord } from "../bench/result.ts";
import { encodeOutcomes } from "../statistics/outcome_bits.ts";

/** The suite's strong attack, which judges fewer images; its key among the attacks, and by how much it lowers accuracies. */
const FAST = { key: "fast-a0b1c2d3", count: 300, drop: 0.04 };

/** The strong attack on the last weights, the best ones and those at each target that was reached. */
export function withStrong(result: Result): Result {
  const label = "APGD-CE+T, L∞ ε=0.2 (apgd-ce, apgd-t)";
  const runs = result.runs.map((run): RunRecord => {
    const judge = (kept: FinalRow | null) =>
      kept && { ...kept, ...strongRows(kept.clean.accuracy, kept.robust.at(-1)?.accuracy ?? 0, kept.robust) };
    const crossings = run.timeTo.flatMap(({ target, trainSeconds }, index) => {
      const point = run.points.find((point) => point.trainSeconds === trainSeconds);
      if (!point) return [];
      const kept = { step: point.step, weightsSha256: String.fromCharCode(97 + index).repeat(63) + "0" };
      const rows = strongRows(point.clean.accuracy, point.robust[0]?.accuracy ?? 0, []);
      return [{ target, ...kept, judged: { ...kept, split: "held-out", ...rows } }];
    });
    const { last, bestValidation } = run.final;
    return { ...run, final: { last: judge(last), bestValidation: judge(bestValidation), crossings } };
  });
  return {
    ...result,
    suite: { ...result.suite, strong: { attack: FAST.key, count: FAST.count } },
    attacks: { ...result.attacks, [FAST.key]: { name: "fast", label, resolved: { "1 apgd-ce steps": 100 } } },
    runs,
  };
}

function strongRows(clean: number, weak: number, others: readonly RobustRow[]): Pick<FinalRow, "clean" | "robust"> {
  const count = others[0]?.count ?? FAST.count;
  const left = accuracy(weak - FAST.drop, FAST.count), between = accuracy(weak - FAST.drop / 2, FAST.count).correct;
  const stage = (name: string, attacked: number, correct: number) => ({
    name,
    label: name,
    attacked,
    correct,
    seconds: 9,
  });
  const stages = [
    stage("apgd-ce", accuracy(clean, FAST.count).correct, between),
    stage("apgd-t", between, left.correct),
  ];
  return {
    clean: withBits(accuracy(clean, count)),
    robust: [
      ...others.map(withBits),
      { ...withBits({ attack: FAST.key, ...left, seconds: 18, maxPerturbation: 0.2 }), stages },
    ],
  };
}

/** The same share of every ten images, so that the first images are as hard as all. */
function withBits<Row extends { correct: number; count: number }>(row: Row): Row & { correctBits: string } {
  const outcomes = Array.from({ length: row.count }, (_, i) => {
    return Number(Math.floor((i + 1) * row.correct / row.count) > Math.floor(i * row.correct / row.count));
  });
  return { ...row, correctBits: encodeOutcomes(outcomes) };
}

/** The nearest whole number of images. */
export function accuracy(value: number, count: number): { accuracy: number; correct: number; count: number } {
  const correct = Math.max(0, Math.min(count, Math.round(value * count)));
  return { accuracy: correct / count, correct, count };
}

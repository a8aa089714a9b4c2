/** What outcomes of several attacks say about each other: signs that gradients are masked rather than images robust.
 *  Athalye et al. 2018, arXiv:1802.00420, section 3.1; Croce and Hein's check of Square. @module */

import type { Attack } from "../attacks/attack.ts";
import { mcnemar } from "../statistics/mcnemar.ts";
import { decodeOutcomes } from "../statistics/outcome_bits.ts";
import type { CurvePoint } from "./evaluation_record.ts";
import type { FinalRow, RobustRow, Warning } from "./result.ts";

/** Part of the images that Square may fool behind the white-box attacks before that is a warning. */
const SQUARE_MAY = 0.002;

/** An ε in L∞ that turns any image grey, and the part of the images that may withstand it. */
const LARGE_EPSILON = 0.5, WITHSTAND_MAY = 0.01;

/** Below this a difference between two attacks on the same images is no chance. */
const SIGNIFICANT = 0.01;

/** Warnings from the rows of one evaluation. */
export function checkRows(
  { robust }: { readonly clean: FinalRow["clean"]; readonly robust: readonly RobustRow[] },
  attacks: ReadonlyMap<string, Attack>,
): Warning[] {
  const rows = robust.map((row) => ({ row, attack: attacks.get(row.attack)! }));
  return [
    ...rows.flatMap(({ row }) => squareFindsMore(row)),
    ...squareStronger(rows),
    ...noiseStronger(rows),
    ...moreStepsWeaker(rows),
  ];
}

type JudgedAttack = { readonly row: RobustRow; readonly attack: Attack };

/** As a stage of an ensemble. */
function squareFindsMore({ stages = [], count }: RobustRow): Warning[] {
  return stages.flatMap(({ name, attacked, correct }, index) => {
    if (name !== "square" || index === 0 || attacked - correct <= SQUARE_MAY * count) return [];
    return [{
      code: "black-box-stronger",
      message:
        `Square, which sees no gradient, fooled ${attacked - correct} of ${count} images that the attacks before ` +
        "it could not",
      advice: "gradients may be masked: run Square with more queries and restarts, or an adaptive attack",
    }];
  });
}

/** As an attack of its own, beside the strongest attack by gradients alone. */
function squareStronger(rows: readonly JudgedAttack[]): Warning[] {
  const white = rows.filter(({ attack }) => attack.passes > 0 && !attack.stages?.some(({ name }) => name === "square"));
  const [strongest] = white.sort((a, b) => a.row.accuracy - b.row.accuracy);
  return rows.filter(({ attack }) => attack.name === "square").flatMap(({ row }) =>
    strongest === undefined || !isSignificantlyLower(row, strongest.row) ? [] : [{
      code: "black-box-stronger",
      message:
        `Square, which sees no gradient, leaves ${row.correct} images correct, ${strongest.attack.label} ${strongest.row.correct}`,
      advice: "gradients may be masked, or the other attacks are too weak: run fast or an adaptive attack",
    }]
  );
}

function noiseStronger(rows: readonly JudgedAttack[]): Warning[] {
  const byGradient = rows.filter(({ attack }) => attack.passes > 0);
  return rows.filter(({ attack }) => attack.name.endsWith("-noise")).flatMap((noise) =>
    byGradient.filter(({ row }) => isSignificantlyLower(noise.row, row)).map(({ row, attack }) => ({
      code: "noise-stronger",
      message: `${noise.attack.label} leaves ${noise.row.correct} images correct, ${attack.label} ${row.correct}`,
      advice: "random noise must not beat a gradient: it points the wrong way or is masked",
    }))
  );
}

function moreStepsWeaker(rows: readonly JudgedAttack[]): Warning[] {
  const pgd = rows.filter(({ attack }) => attack.name.startsWith("pgd-")).sort((a, b) =>
    a.attack.passes - b.attack.passes
  );
  return pgd.slice(1).flatMap(({ row, attack }, i) => {
    const fewer = pgd[i]!;
    if (attack.passes === fewer.attack.passes || !isSignificantlyLower(fewer.row, row)) return [];
    return [{
      code: "more-steps-weaker",
      message: `${attack.label} leaves ${row.correct} images correct, ${fewer.attack.label} only ${fewer.row.correct}`,
      advice: "more steps should not hurt an attack: gradients may be masked, or the step size does not fit",
    }];
  });
}

/** Whether `low` leaves fewer images correct than `high`, beyond chance, image by image. */
function isSignificantlyLower(low: RobustRow, high: RobustRow): boolean {
  if (low.correctBits === undefined || high.correctBits === undefined || low.correct >= high.correct) return false;
  const count = Math.min(low.count, high.count);
  const a = decodeOutcomes(low.correctBits, count), b = decodeOutcomes(high.correctBits, count);
  const onlyLow = a.filter((one, i) => one === 1 && b[i] === 0).length;
  const onlyHigh = b.filter((one, i) => one === 1 && a[i] === 0).length;
  return mcnemar(onlyLow, onlyHigh) < SIGNIFICANT;
}

/** Warnings from a curve of accuracy against ε. */
export function checkCurve(curve: readonly CurvePoint[], attacks: ReadonlyMap<string, Attack>): Warning[] {
  const large = curve.filter(({ attack: key, epsilon, accuracy }) => {
    const { threat, passes } = attacks.get(key)!;
    // One step along the sign may well overshoot, and noise does not search.
    return threat.norm === "linf" && passes > 1 && epsilon >= LARGE_EPSILON && accuracy > WITHSTAND_MAY;
  });
  return large.filter(({ attack }, i) => large.findIndex((point) => point.attack === attack) === i).map((point) => ({
    code: "large-epsilon-withstood",
    message:
      `${point.correct} of ${point.count} images withstand ${
        attacks.get(point.attack)!.name
      } at ε=${point.epsilon}, which could ` +
      "turn any image into any other grey",
    advice: "an attack without bounds must reach 0 %: gradients may be masked, or its steps are too few",
  }));
}

/** Under this many images an accuracy is worth a warning. */
export const ENOUGH_IMAGES = 1000;

export function checkCount(count: number): Warning[] {
  if (count >= ENOUGH_IMAGES) return [];
  return [{
    code: "few-images",
    message: `accuracies are judged on ${count} images`,
    advice: `use at least ${ENOUGH_IMAGES} images before comparing accuracies that lie close together`,
  }];
}

/** Catastrophic overfitting: within an epoch, a network trained with a weak attack becomes immune to single steps of that
 *  size and falls to several smaller ones. Wong, Rice and Kolter 2020, arXiv:2001.03994, who named it, watch for it with PGD
 *  on a few training images; we watch validation images, PGD-10 beside FGSM, and the numbers below are ours.
 *
 *  It counts from the first epoch where PGD-10 accuracy is more than 15 points below its best so far while FGSM accuracy
 *  has not fallen since that best epoch, but for two standard errors of a difference of two proportions. Both epochs judge
 *  the same images, so chance moves the difference less than that: two independent samples are the bound. @module */

import type { AlarmPoint, Warning } from "./result.ts";

/** Points of PGD-10 accuracy, in hundredths. */
const FALL = 15;

const STANDARD_ERRORS = 2;

/** The epoch at which it happened, and the best one before it: the latest of equally good ones. */
export interface Overfitting {
  readonly best: AlarmPoint;
  readonly now: AlarmPoint;
}

/** Where a run overfitted first; null where it has not. */
export function findOverfitting([first, ...later]: readonly AlarmPoint[]): Overfitting | null {
  if (first === undefined) return null;
  let best = first;
  for (const now of later) {
    if (hasFallen(best.pgd, now.pgd) && !hasFallenBeyondChance(best.fgsm, now.fgsm)) return { best, now };
    if (now.pgd.correct >= best.pgd.correct) best = now;
  }
  return null;
}

type Count = AlarmPoint["pgd"];

function hasFallen(before: Count, now: Count): boolean {
  return 100 * (before.correct - now.correct) > FALL * now.count; // whole numbers: exactly 15 points are not more
}

function hasFallenBeyondChance(before: Count, now: Count): boolean {
  const variance = ({ accuracy, count }: Count): number => accuracy * (1 - accuracy) / count;
  return before.accuracy - now.accuracy > STANDARD_ERRORS * Math.sqrt(variance(before) + variance(now));
}

/** What the newest of a run's epochs is worth saying: the overfitting, in the epoch where it is found and in no later one. */
export function overfittingWarning(points: readonly AlarmPoint[]): Warning | null {
  const found = findOverfitting(points);
  if (found === null || found.now !== points.at(-1)) return null;
  const { best, now } = found;
  const percent = ({ accuracy }: Count): string => `${(100 * accuracy).toFixed(1)} %`;
  return {
    code: "catastrophic-overfitting",
    message: `PGD-10 accuracy fell from ${percent(best.pgd)} after epoch ${best.epoch} to ${percent(now.pgd)} after ` +
      `epoch ${now.epoch}, while FGSM accuracy went from ${percent(best.fgsm)} to ${percent(now.fgsm)}: ` +
      "catastrophic overfitting",
    advice: `stop at epoch ${best.epoch}, or train with more attack steps or a smaller step size`,
  };
}

/** Accuracy against ε: each attack at each radius, from the smallest on. An image that is fooled at a radius stays fooled at
 *  the larger ones, whose balls hold its adversarial image, so that only the others are attacked there. A minimal-norm
 *  attack searches once for all radii. @module */

import type { Attack, Classifier } from "../attacks/attack.ts";
import { roundingTolerance } from "../attacks/verify.ts";
import { judge } from "../attacks/judge.ts";
import { attackBatch, everyPosition, type Flags } from "./evaluation.ts";
import type { CurvePoint } from "./evaluation_record.ts";
import type { EvaluationTask } from "./evaluation_task.ts";
import { sweep } from "./sweep.ts";

export interface CurveTask {
  readonly model: Classifier;
  readonly task: EvaluationTask;
  readonly clean: Flags;
  /** In any order; 0 stands for no attack. */
  readonly epsilons: readonly number[];
}

/** One attack's curve. `attackAt` makes the attack for a radius above 0. */
export async function securityCurve(
  curve: CurveTask,
  key: string,
  attackAt: (epsilon: number) => Attack,
): Promise<CurvePoint[]> {
  const epsilons = [...new Set(curve.epsilons)].sort((a, b) => a - b), positive = epsilons.filter((one) => one > 0);
  const largest = positive.at(-1);
  const fooledFrom = largest === undefined
    ? new Map<number, number>()
    : attackAt(largest).nearest
    ? await searchOnce(curve, key, attackAt(largest), positive)
    : await attackUpwards(curve, key, attackAt, positive);
  return epsilons.map((epsilon) => {
    const isCorrect = (position: number) =>
      curve.clean[position] === 1 && !((fooledFrom.get(position) ?? Infinity) <= epsilon);
    const correct = everyPosition(curve.task).filter(isCorrect).length, count = curve.clean.length;
    return { epsilon, attack: key, accuracy: correct / count, correct, count };
  });
}

/** The smallest of the radii at which each image is fooled. */
async function attackUpwards(
  { model, task, clean }: CurveTask,
  key: string,
  attackAt: (epsilon: number) => Attack,
  epsilons: readonly number[],
): Promise<Map<number, number>> {
  const fooledFrom = new Map<number, number>();
  for (const epsilon of epsilons) {
    const attack = attackAt(epsilon);
    const { outcomes } = await sweep(task, {
      key: `curve/${key}/${epsilon}`,
      what: `curve: ${attack.label}`,
      positions: everyPosition(task).filter((position) => clean[position] === 1 && !fooledFrom.has(position)),
      judge: (batch, positions) => attackBatch(model, attack, batch, { draw: task.draw, clean, positions }),
    });
    for (const [position, outcome] of outcomes) if (outcome === 0) fooledFrom.set(position, epsilon);
  }
  return fooledFrom;
}

/** One search for all radii; a sweep's outcome is the index of an image's radius, −1 for none. */
async function searchOnce(
  { model, task, clean }: CurveTask,
  key: string,
  attack: Attack,
  epsilons: readonly number[],
): Promise<Map<number, number>> {
  const { outcomes } = await sweep(task, {
    key: `curve/${key}/nearest`,
    what: `curve: ${attack.label}`,
    positions: everyPosition(task).filter((position) => clean[position] === 1),
    async judge(batch) {
      const { images, distances } = await attack.nearest!(model, batch, task.draw);
      try {
        const { correct, predicted } = await judge(model, images, batch.y);
        const slack = roundingTolerance(attack.threat, images.size / batch.ids.length);
        const radii = Array.from(distances, (distance, i) => {
          return correct[i] ? -1 : epsilons.findIndex((epsilon) => distance <= epsilon + slack);
        });
        return { outcomes: radii, predicted };
      } finally {
        images.dispose();
      }
    },
  });
  return new Map([...outcomes].flatMap(([position, index]) => index < 0 ? [] : [[position, epsilons[index]!]]));
}

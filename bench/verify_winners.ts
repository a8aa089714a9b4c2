/** An ensemble's adversarial images judged once more when all its stages are done, and whether they hold: what is reported
 *  must be what is recomputed on the images. @module */

import * as tf from "@tensorflow/tfjs";
import type { Attack, Classifier } from "../attacks/attack.ts";
import { verify } from "../attacks/verify.ts";
import { batch as gather } from "../data/batches.ts";
import { type EvaluationTask, Stopped } from "./evaluation_task.ts";

export interface Winners {
  readonly attack: Pick<Attack, "name" | "threat">;
  /** Whether an image of the split is classified correctly: without the attack, and under it. What does not hold becomes
   *  correct again. */
  readonly clean: Uint8Array;
  readonly correct: Uint8Array;
  /** This worker's adversarial images by position. */
  readonly found: ReadonlyMap<number, Float32Array>;
}

/** @returns The largest perturbation of the images that hold, and how many do not, of all workers. */
export async function verifyWinners(
  model: Classifier,
  task: EvaluationTask,
  { attack, clean, correct, found }: Winners,
): Promise<{ readonly maxPerturbation: number; readonly violations: number }> {
  const positions = [...found.keys()].filter((position) => clean[position] === 1);
  const refuted = new Array<number>(correct.length).fill(0);
  let maxPerturbation = 0;
  for (let first = 0; first < positions.length; first += task.batch) {
    if (task.shouldStop()) throw new Stopped("the evaluation was stopped");
    const part = positions.slice(first, first + task.batch);
    const verdict = await verifyPart(model, task, { attack, part, found });
    part.forEach((position, i) => {
      if (verdict.holds[i] && verdict.correct[i] === 0) {
        maxPerturbation = Math.max(maxPerturbation, verdict.distances[i]!);
      } else refuted[position] = 1;
    });
    task.onProgress(`${attack.name}: adversarial images verified again`, first + part.length, positions.length);
  }
  const parts = task.team.allGather([maxPerturbation, ...refuted]);
  let violations = 0;
  for (const [, ...flags] of parts) {
    flags.forEach((flag, position) => {
      if (flag === 0) return;
      correct[position] = 1;
      violations++;
    });
  }
  return { maxPerturbation: Math.max(...parts.map(([largest]) => largest!)), violations };
}

async function verifyPart(
  model: Classifier,
  { split, shape }: EvaluationTask,
  { attack, part, found }: Pick<Winners, "attack" | "found"> & { readonly part: readonly number[] },
) {
  const images = gather(split, Uint32Array.from(part)), pixels = shape[0] * shape[1] * shape[2];
  const values = new Float32Array(part.length * pixels);
  part.forEach((position, i) => values.set(found.get(position)!, i * pixels));
  const x = tf.tensor4d(images.x, [part.length, ...shape]), adversarial = tf.tensor4d(values, [part.length, ...shape]);
  const y = tf.tensor1d(images.y, "int32");
  try {
    return await verify(model, { x, y }, adversarial, attack.threat);
  } finally {
    tf.dispose([x, y, adversarial]);
  }
}

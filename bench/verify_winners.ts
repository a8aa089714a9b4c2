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

/** What became of the winners of all workers. */
export interface WinnersVerdict {
  /** Of the images that hold. */
  readonly maxPerturbation: number;
  /** Images that left the ball or 0..1, or got an answer that is not finite. */
  readonly violations: number;
  /** Images that are classified correctly when they are shown again. */
  readonly changed: number;
}

/** What is said of a winner. */
const HOLDS = 0, VIOLATES = 1, CHANGED = 2;

/** Judges all winners again. */
export async function verifyWinners(
  model: Classifier,
  task: EvaluationTask,
  { attack, clean, correct, found }: Winners,
): Promise<WinnersVerdict> {
  const positions = [...found.keys()].filter((position) => clean[position] === 1);
  const verdicts = new Array<number>(correct.length).fill(HOLDS);
  let maxPerturbation = 0;
  for (let first = 0; first < positions.length; first += task.batch) {
    if (task.shouldStop()) throw new Stopped("the evaluation was stopped");
    const part = positions.slice(first, first + task.batch);
    const verdict = await verifyPart(model, task, { attack, part, found });
    part.forEach((position, i) => {
      if (!verdict.holds[i]) verdicts[position] = VIOLATES;
      else if (verdict.correct[i] === 1) verdicts[position] = CHANGED;
      else maxPerturbation = Math.max(maxPerturbation, verdict.distances[i]!);
    });
    task.onProgress(`${attack.name}: adversarial images verified again`, first + part.length, positions.length);
  }
  const parts = task.team.allGather([maxPerturbation, ...verdicts]);
  const refuted = parts.flatMap(([, ...flags]) => [...flags.entries()].filter(([, flag]) => flag !== HOLDS));
  for (const [position] of refuted) correct[position] = 1;
  const count = (wanted: number) => refuted.filter(([, flag]) => flag === wanted).length;
  return {
    maxPerturbation: Math.max(...parts.map(([largest]) => largest!)),
    violations: count(VIOLATES),
    changed: count(CHANGED),
  };
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

/** Attacks in a row: each starts from the clean image and meets only images that those before it left classified correctly;
 *  each image keeps the first adversarial one. That is AutoAttack's protocol: Croce and Hein 2020, arXiv:2003.01690,
 *  section 5. @module */

import * as tf from "@tensorflow/tfjs";
import type { Attack, AttackBatch, Classifier, Draw } from "./attack.ts";
import { judge } from "./judge.ts";
import { partOfBatch } from "./part_of_batch.ts";

/** What an ensemble adds to its stages. */
export type EnsembleDescription = Pick<Attack, "name" | "label" | "threat" | "resolved"> & {
  readonly stages: readonly [Attack, ...Attack[]];
};

/** The stages as one attack. */
export function ensemble(description: EnsembleDescription): Attack {
  const { stages } = description;
  const total = (of: (stage: Attack) => number) => stages.reduce((sum, stage) => sum + of(stage), 0);
  return {
    ...description,
    passes: total(({ passes }) => passes),
    forwards: total(({ forwards }) => forwards + 1),
    perturb: (model, batch, draw) => runStages(model, batch, runnable(stages, model.classes), draw),
  };
}

/** The stages that a network of so many classes allows. */
export function runnable(stages: readonly Attack[], classes: number): Attack[] {
  return stages.filter(({ leastClasses = 2 }) => classes >= leastClasses);
}

/** A stage's own draws: those of its name, and of how many stages before it have the same. */
export function stageDraw(draw: Draw, stages: readonly Attack[], index: number): Draw {
  const { name } = stages[index]!;
  const twins = stages.slice(0, index).filter((stage) => stage.name === name).length;
  const own = twins === 0 ? name : `${name}#${twins + 1}`;
  return (stream, ...indices) => draw(`${own}/${stream}`, ...indices);
}

async function runStages(
  model: Classifier,
  batch: AttackBatch,
  stages: readonly Attack[],
  draw: Draw,
): Promise<tf.Tensor4D> {
  const pixels = batch.x.size / batch.ids.length;
  const worst = (await batch.x.data() as Float32Array).slice();
  let rows = survivors(Array.from(batch.ids, (_, row) => row), (await judge(model, batch.x, batch.y)).correct);
  for (const [index, stage] of stages.entries()) {
    if (rows.length === 0) break;
    const part = partOfBatch(batch, rows);
    let images: tf.Tensor4D | undefined;
    try {
      images = await stage.perturb(model, part, stageDraw(draw, stages, index));
      const { correct } = await judge(model, images, part.y);
      const values = await images.data();
      rows.forEach((row, i) => {
        if (!correct[i]) worst.set(values.subarray(i * pixels, (i + 1) * pixels), row * pixels);
      });
      rows = survivors(rows, correct);
    } finally {
      tf.dispose([part.x, part.y, ...(images === undefined ? [] : [images])]);
    }
  }
  return tf.tensor4d(worst, batch.x.shape);
}

function survivors(rows: readonly number[], correct: Uint8Array): number[] {
  return rows.filter((_, i) => correct[i] === 1);
}

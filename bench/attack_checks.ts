/** What makes attacks fail for reasons other than robustness, looked for before they run: Croce and Hein's checks (public
 *  AutoAttack code, checks.py). @module */

import * as tf from "@tensorflow/tfjs";
import type { Attack, Classifier } from "../attacks/attack.ts";
import { dlr, margin } from "../attacks/losses.ts";
import { predictions, queryOf } from "../attacks/query.ts";
import { batch as gather } from "../data/batches.ts";
import type { EvaluationTask } from "./evaluation_task.ts";
import type { Warning } from "./result.ts";

/** Times that the first batch is shown to a network to see whether it draws, and how far its answers may differ. */
const SHOWINGS = 5, SAME_WITHIN = 1e-4;

/** How near to a distribution logits must be to be taken for probabilities. */
const PROBABLE_WITHIN = 1e-5;

/** Warnings about the network, from the first batch of images. */
export async function checkNetwork(model: Classifier, task: EvaluationTask, clean: Uint8Array): Promise<Warning[]> {
  const count = Math.min(task.batch, task.split.labels.length);
  const { x, y } = gather(task.split, Uint32Array.from({ length: count }, (_, i) => i));
  const query = queryOf(model, task.shape);
  const answers: Float32Array[] = [];
  for (let showing = 0; showing < SHOWINGS; showing++) answers.push(await query.logits(x));
  const labels = tf.tensor1d(y, "int32");
  try {
    const loss = (logits: tf.Tensor2D) =>
      model.classes < 3 ? margin(logits, labels, 2) : dlr(logits, labels, model.classes);
    const { gradient } = await query.gradient(x, loss);
    return [
      ...randomised(answers, y, model.classes),
      ...probabilities(answers[0]!, model.classes),
      ...zeroGradients(gradient, { count, correct: clean }),
      ...fewClasses(model.classes, [...task.attacks.values()]),
    ];
  } finally {
    labels.dispose();
  }
}

function randomised(answers: readonly Float32Array[], labels: ArrayLike<number>, classes: number): Warning[] {
  const correct = answers.map((logits) =>
    predictions(logits, classes).filter((answer, i) => answer === labels[i]).length
  );
  const rows = answers.map((logits) => normalizedRows(logits, classes));
  const farthest = Math.max(
    0,
    ...rows.flatMap((one, i) => rows.slice(i + 1).flatMap((other) => distances(one, other))),
  );
  if (new Set(correct).size === 1 && farthest <= SAME_WITHIN) return [];
  return [{
    code: "randomised-model",
    message: `the same images got different answers in ${SHOWINGS} showings: logits, normalised, up to ${
      farthest.toPrecision(2)
    } apart`,
    advice: "only autoattack-rand, which averages gradients over 20 answers, is made for such networks",
  }];
}

function normalizedRows(logits: Float32Array, classes: number): Float64Array[] {
  return Array.from({ length: logits.length / classes }, (_, i) => {
    const row = Float64Array.from(logits.subarray(i * classes, (i + 1) * classes));
    const norm = Math.hypot(...row) + 1e-10;
    return row.map((value) => value / norm);
  });
}

function distances(one: readonly Float64Array[], other: readonly Float64Array[]): number[] {
  return one.map((row, i) => Math.hypot(...row.map((value, j) => value - other[i]![j]!)));
}

function probabilities(logits: Float32Array, classes: number): Warning[] {
  const inRange = logits.every((value) => value > -PROBABLE_WITHIN && value < 1 + PROBABLE_WITHIN);
  const sums = Array.from({ length: logits.length / classes }, (_, i) => {
    return logits.subarray(i * classes, (i + 1) * classes).reduce((sum, value) => sum + value, 0);
  });
  if (!inRange || !sums.every((sum) => Math.abs(sum - 1) < PROBABLE_WITHIN)) return [];
  return [{
    code: "probabilities",
    message: "the network's answers look like probabilities, not logits: each lies in 0..1 and they add up to 1",
    advice: "leave the softmax out: attacks lose their gradients behind it",
  }];
}

function zeroGradients(gradient: Float32Array, { count, correct }: { count: number; correct: Uint8Array }): Warning[] {
  const pixels = gradient.length / count;
  const zero = Array.from({ length: count }, (_, i) => i).filter((i) => {
    return correct[i] === 1 && gradient.subarray(i * pixels, (i + 1) * pixels).every((value) => value === 0);
  });
  if (zero.length === 0) return [];
  return [{
    code: "zero-gradients",
    message: `the gradient is zero in every pixel for ${zero.length} of the first ${count} images`,
    advice: "attacks by gradients cannot move these: look at square, which needs none",
  }];
}

/** Of attacks towards other classes there are as many as classes less one, and some losses need four logits. */
function fewClasses(classes: number, attacks: readonly Attack[]): Warning[] {
  const stages = attacks.flatMap((attack) => attack.stages ?? []);
  const leftOut = namesOf(stages.filter(({ leastClasses = 2 }) => classes < leastClasses));
  const single = attacks.filter((attack) => !attack.stages);
  const fewer = namesOf([...single, ...stages].filter(({ leastClasses = 2, resolved }) => {
    return classes >= leastClasses && typeof resolved["targets"] === "number" && resolved["targets"] > classes - 1;
  }));
  const warnings: Warning[] = [];
  if (leftOut !== "") {
    warnings.push({
      code: "few-classes",
      message: `of its ensemble was left out: ${leftOut}, for which ${classes} classes are too few`,
      advice: "do not compare the figure with one of the whole ensemble",
    });
  }
  if (fewer !== "") {
    warnings.push({
      code: "few-classes",
      message: `${fewer} had only ${classes - 1} target classes: there are no more`,
      advice: "say so beside the figure",
    });
  }
  return warnings;
}

function namesOf(attacks: readonly Attack[]): string {
  return [...new Set(attacks.map(({ name }) => name))].join(" and ");
}

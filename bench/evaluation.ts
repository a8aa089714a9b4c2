/** Judges a network: clean accuracy and accuracy under attacks on a fixed subset, with draws that depend on the
 *  evaluation's seed and the image alone. All images are attacked, also those that are misclassified already, as the
 *  papers do. @module */

import * as tf from "@tensorflow/tfjs";
import type { Attack, Classifier, Draw } from "../attacks/attack.ts";
import { equalParts, type Team } from "../backends/team.ts";
import { judge } from "../attacks/judge.ts";
import { verify } from "../attacks/verify.ts";
import { batch as gather } from "../data/batches.ts";
import type { Split } from "../data/dataset.ts";
import type { FinalRow, RobustRow } from "./result.ts";

/** What is judged and how. */
export interface EvaluationTask {
  /** Exactly the images that are judged. */
  readonly split: Split;
  /** `[height, width, channels]`. */
  readonly shape: readonly [number, number, number];
  /** Images at a time; changes nothing but memory and speed. */
  readonly batch: number;
  /** Attacks by their key in the result. */
  readonly attacks: ReadonlyMap<string, Attack>;
  readonly draw: Draw;
  /** Each worker judges its part of the images; all get the whole evaluation. */
  readonly team: Team;
  /** Told after each batch of each attack. */
  readonly onProgress: (what: string, done: number, total: number) => void;
  /** Asked between batches; an evaluation that is stopped throws {@linkcode Stopped}. */
  readonly shouldStop: () => boolean;
}

/** Thrown where work was asked to stop before its end. */
export class Stopped extends Error {
  override name = "Stopped";
}

/** A loss or an answer that is not finite: a result, not a fault of the program. */
export class Diverged extends Error {
  override name = "Diverged";
}

export interface Evaluation {
  readonly clean: FinalRow["clean"];
  readonly robust: RobustRow[];
}

/**
 * @throws {Stopped} When asked to stop.
 * @throws {Diverged} When the network's answer to clean images is not finite.
 * @throws {Error} When an attack left its ball or the box.
 */
export async function evaluate(model: Classifier, task: EvaluationTask): Promise<Evaluation> {
  const clean = await sweep(task, "clean", (x, y) => judge(model, x, y));
  if (!clean.finite) throw new Diverged("logits on clean images are not finite");
  const robust: RobustRow[] = [];
  for (const [key, attack] of task.attacks) {
    const began = performance.now();
    const { finite: _verified, ...row } = await sweep(
      task,
      attack.label,
      (x, y, ids) => attackAndVerify(model, attack, { x, y, ids }, task.draw),
    );
    robust.push({ attack: key, ...row, seconds: (performance.now() - began) / 1000 });
  }
  return { clean: { accuracy: clean.accuracy, correct: clean.correct, count: clean.count }, robust };
}

type Judged = { correct: Uint8Array; maxPerturbation?: number; finite?: boolean };

async function attackAndVerify(
  model: Classifier,
  attack: Attack,
  batch: { x: tf.Tensor4D; y: tf.Tensor1D; ids: Uint32Array },
  draw: Draw,
): Promise<Judged> {
  const adversarial = await attack.perturb(model, batch, draw);
  try {
    const verdict = await verify(model, batch, adversarial, attack.threat);
    if (verdict.violations.length > 0) {
      throw new Error(`Cannot count ${attack.label}: ${verdict.violations.join("; ")}`);
    }
    return verdict;
  } finally {
    adversarial.dispose();
  }
}

async function sweep(
  task: EvaluationTask,
  what: string,
  judgeBatch: (x: tf.Tensor4D, y: tf.Tensor1D, ids: Uint32Array) => Promise<Judged>,
): Promise<{ accuracy: number; correct: number; count: number; maxPerturbation: number; finite: boolean }> {
  const count = task.split.labels.length, { rank, size: workers } = task.team;
  const [begin, end] = equalParts(count, workers).slice(rank, rank + 2) as [number, number];
  let correct = 0, maxPerturbation = 0, finite = true;
  for (let first = begin; first < end; first += task.batch) {
    if (task.shouldStop()) throw new Stopped("the evaluation was stopped");
    const size = Math.min(task.batch, end - first);
    const images = gather(task.split, Uint32Array.from({ length: size }, (_, i) => first + i));
    const x = tf.tensor4d(images.x, [size, ...task.shape]), y = tf.tensor1d(images.y, "int32");
    try {
      const judged = await judgeBatch(x, y, images.ids);
      correct += judged.correct.reduce((sum, one) => sum + one, 0);
      maxPerturbation = Math.max(maxPerturbation, judged.maxPerturbation ?? 0);
      finite &&= judged.finite ?? true;
    } finally {
      tf.dispose([x, y]);
    }
    // The others are about as far.
    task.onProgress(what, Math.round((first + size - begin) / (end - begin) * count), count);
  }
  const parts = task.team.allGather([correct, maxPerturbation, Number(finite)]) as [number, number, number][];
  correct = parts.reduce((sum, [part]) => sum + part, 0);
  return {
    accuracy: correct / count,
    correct,
    count,
    maxPerturbation: Math.max(...parts.map(([, largest]) => largest)),
    finite: parts.every(([, , flag]) => flag === 1),
  };
}

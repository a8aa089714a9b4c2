/** Judges a network: clean accuracy and accuracy under attacks on a fixed subset, with draws that depend on the
 *  evaluation's seed and the image alone. A single attack meets all images, also those that are misclassified already, as
 *  the papers do; an ensemble's stages meet what is still classified correctly, as AutoAttack does. @module */

import type * as tf from "@tensorflow/tfjs";
import type { Attack, AttackBatch, Classifier, Draw } from "../attacks/attack.ts";
import { runnable, stageDraw } from "../attacks/ensemble.ts";
import { judge } from "../attacks/judge.ts";
import { verify } from "../attacks/verify.ts";
import { encodeOutcomes } from "../statistics/outcome_bits.ts";
import { checkNetwork } from "./attack_checks.ts";
import { Diverged, type EvaluationTask } from "./evaluation_task.ts";
import { checkRows } from "./outcome_checks.ts";
import type { FinalRow, RobustRow, Warning } from "./result.ts";
import { type BatchOutcome, sweep } from "./sweep.ts";
import { verifyWinners, type WinnersVerdict } from "./verify_winners.ts";

export interface Evaluation {
  readonly clean: FinalRow["clean"];
  readonly robust: RobustRow[];
  /** What makes the figures doubtful; empty where `outcomes` was not asked for. */
  readonly warnings: readonly Warning[];
}

/** Whether each image of the split is classified correctly, 0 or 1. */
export type Flags = Uint8Array;

/**
 * @throws {Stopped} When asked to stop.
 * @throws {Diverged} When the network's answer to clean images is not finite.
 */
export async function evaluate(model: Classifier, task: EvaluationTask): Promise<Evaluation> {
  const clean = await judgeClean(model, task);
  const robust: RobustRow[] = [], warnings = task.outcomes ? await checkNetwork(model, task, clean) : [];
  for (const [key, attack] of task.attacks) {
    const { violations, changed, ...row } = attack.stages
      ? await underEnsemble(model, task, { key, attack, stages: attack.stages, clean })
      : await underAttack(model, task, { key, attack, clean });
    robust.push(row);
    if (violations > 0) warnings.push(violationWarning(attack, violations));
    if (changed > 0) warnings.push(changedWarning(attack, changed));
  }
  const evaluation = { clean: { ...counted(clean), ...bitsOf(task, clean) }, robust };
  return { ...evaluation, warnings: task.outcomes ? [...warnings, ...checkRows(evaluation, task.attacks)] : warnings };
}

/** Which images are classified correctly without an attack. @throws {Diverged} */
export async function judgeClean(model: Classifier, task: EvaluationTask): Promise<Flags> {
  const { outcomes, violations } = await sweep(task, {
    key: "clean",
    what: "clean",
    positions: everyPosition(task),
    async judge({ x, y }) {
      const { correct, predicted, finite } = await judge(model, x, y);
      return { outcomes: correct, predicted, violations: finite.filter((one) => one === 0).length };
    },
  });
  if (violations > 0) throw new Diverged("logits on clean images are not finite");
  return Uint8Array.from(everyPosition(task), (position) => outcomes.get(position)!);
}

interface Asked {
  readonly key: string;
  readonly attack: Attack;
  readonly clean: Flags;
}

/** A row with what its warnings are about. */
type Row = RobustRow & Pick<WinnersVerdict, "violations" | "changed">;

async function underAttack(model: Classifier, task: EvaluationTask, { key, attack, clean }: Asked): Promise<Row> {
  const swept = await sweep(task, {
    key,
    what: attack.label,
    positions: everyPosition(task),
    judge: (batch, positions) => attackBatch(model, attack, batch, { draw: task.draw, clean, positions }),
  });
  const correct = Uint8Array.from(everyPosition(task), (position) => swept.outcomes.get(position)!);
  const { maxPerturbation, violations, seconds } = swept;
  return {
    attack: key,
    ...counted(correct),
    ...bitsOf(task, correct),
    seconds,
    maxPerturbation,
    violations,
    changed: 0,
  };
}

async function underEnsemble(
  model: Classifier,
  task: EvaluationTask,
  { key, attack, stages, clean }: Asked & { readonly stages: readonly Attack[] },
): Promise<Row> {
  const correct = clean.slice(), found = new Map<number, Float32Array>();
  const rows: NonNullable<RobustRow["stages"]> = [];
  let violations = 0;
  const ran = runnable(stages, model.classes);
  for (const [index, stage] of ran.entries()) {
    const positions = everyPosition(task).filter((position) => correct[position] === 1);
    const draw = stageDraw(task.draw, ran, index);
    const swept = await sweep(task, {
      key: `${key}/${index + 1}-${stage.name}`,
      what: `${attack.name}: ${stage.label}`,
      positions,
      judge: (batch, positions) => attackBatch(model, stage, batch, { draw, clean, positions }),
    });
    for (const [position, outcome] of swept.outcomes) correct[position] = outcome;
    for (const [position, image] of swept.images) found.set(position, image);
    violations += swept.violations;
    const { name, label } = stage;
    rows.push({ name, label, attacked: positions.length, correct: sum(correct), seconds: swept.seconds });
  }
  const verified = await verifyWinners(model, task, { attack, clean, correct, found });
  return {
    attack: key,
    ...counted(correct),
    ...bitsOf(task, correct),
    stages: rows,
    seconds: rows.reduce((total, { seconds }) => total + seconds, 0),
    maxPerturbation: verified.maxPerturbation,
    violations: violations + verified.violations,
    changed: verified.changed,
  };
}

/** Where a batch's images stand, and which images of the split are classified correctly without an attack. */
interface Judged {
  readonly clean: Flags;
  readonly positions: readonly number[];
}

/** Attacks a batch; an image that breaks the rules of the attack fools nobody. */
export async function attackBatch(
  model: Classifier,
  attack: Attack,
  batch: AttackBatch,
  { draw, clean, positions }: Judged & { readonly draw: Draw },
): Promise<BatchOutcome> {
  const adversarial = await attack.perturb(model, batch, draw);
  try {
    return await judgeAttacked(model, batch, adversarial, { threat: attack.threat, clean, positions });
  } finally {
    adversarial.dispose();
  }
}

async function judgeAttacked(
  model: Classifier,
  batch: Pick<AttackBatch, "x" | "y">,
  adversarial: tf.Tensor4D,
  { threat, clean, positions }: Pick<Attack, "threat"> & Judged,
): Promise<BatchOutcome> {
  const { correct, holds, distances, predicted } = await verify(model, batch, adversarial, threat);
  const outcomes = positions.map((position, i) => holds[i] ? correct[i]! : clean[position]!);
  const fooled = positions.flatMap((_, i) => outcomes[i] === 0 ? [i] : []);
  const [images, original] = await Promise.all([adversarial.data(), batch.x.data()]);
  const pixels = images.length / positions.length;
  const rows = fooled.map((i) => (holds[i] ? images : original).slice(i * pixels, (i + 1) * pixels) as Float32Array);
  return {
    outcomes,
    predicted,
    images: joined(rows, pixels),
    maxPerturbation: distances.reduce((most, distance, i) => holds[i] ? Math.max(most, distance) : most, 0),
    violations: holds.filter((one) => one === 0).length,
  };
}

function joined(rows: readonly Float32Array[], width: number): Float32Array {
  const values = new Float32Array(rows.length * width);
  rows.forEach((row, i) => values.set(row, i * width));
  return values;
}

/** Places of all images of the split. */
export function everyPosition({ split }: Pick<EvaluationTask, "split">): number[] {
  return Array.from(split.labels, (_, position) => position);
}

function sum(flags: Flags): number {
  return flags.reduce((total, one) => total + one, 0);
}

function counted(correct: Flags): { accuracy: number; correct: number; count: number } {
  return { accuracy: sum(correct) / correct.length, correct: sum(correct), count: correct.length };
}

function bitsOf({ outcomes }: EvaluationTask, correct: Flags): { correctBits?: string } {
  return outcomes ? { correctBits: encodeOutcomes(correct) } : {};
}

function violationWarning({ label }: Attack, violations: number): Warning {
  return {
    code: "perturbation-violated",
    message: `${violations} images of ${label} left the ball or 0..1, or got an answer that is not finite`,
    advice: "they count as not fooled; the attack or the network is at fault, please report it",
  };
}

function changedWarning({ label }: Attack, changed: number): Warning {
  return {
    code: "answer-changed",
    message: `${changed} adversarial images of ${label} were classified correctly when they were shown again`,
    advice:
      "they count as not fooled; the network's answer is random, or so near to even that rounding in another batch decides",
  };
}

/** Judges a run while it trains and at its end, and keeps the weights worth keeping: the last, the best on validation,
 *  and the first crossing of each target. @module */

import * as tf from "@tensorflow/tfjs";
import type { Attack } from "../attacks/attack.ts";
import type { Split } from "../data/dataset.ts";
import type { Weights } from "../models/model.ts";
import { encodeWeights, fromTensors, toTensors, weightsSha256 } from "../models/weights.ts";
import type { Evaluation } from "./evaluation.ts";
import { judgeWeights } from "./judge_weights.ts";
import type { Point } from "./result.ts";
import { attacksByKey } from "./run_config.ts";
import type { SavedWeights } from "./run_job.ts";
import type { Course, Run } from "./run_state.ts";
import { crossing, isOnCadence, pointsOnCadence } from "./targets.ts";

/** Weights as they were at a step. */
interface Snapshot {
  readonly step: number;
  readonly weights: Weights;
}

/** Under this many judged images an accuracy is worth a warning. */
const ENOUGH_IMAGES = 1000;

export class RunJudge {
  #run: Run;
  #course: Course;
  #attacks: Map<string, Attack>;
  #points: Point[] = [];
  #best: Snapshot & { readonly point: Point } | undefined;
  /** Weights at the evaluation before, which the next one may confirm as a crossing. */
  #previous: Snapshot | undefined;
  #crossed = new Set<number>();

  constructor(run: Run, course: Course) {
    this.#run = run;
    this.#course = course;
    this.#attacks = attacksByKey(run.job.config.threat, [run.job.evaluation.attack]);
    this.#warnOfFewImages();
  }

  /** Whether an evaluation is due, on the cadence or after the last step; `before` is the number of training examples before
   *  this step. */
  isDue(before: number): boolean {
    const { record, job: { evaluation } } = this.#run;
    if (evaluation.count === 0) return false;
    return record.step >= this.#course.totalSteps || isOnCadence(record.examples, before, evaluation.everyExamples);
  }

  /** Judges the current weights on the validation images and writes a point. */
  async point(): Promise<void> {
    const { record, host, parameters } = this.#run;
    const { clock } = host, split = this.#course.judged.validation;
    const { clean, robust } = await judgeWeights(this.#run, parameters, { split, attacks: this.#attacks });
    const point: Point = {
      epoch: record.step / this.#course.stepsPerEpoch,
      step: record.step,
      examples: record.examples,
      trainSeconds: clock.seconds("train"),
      wallSeconds: clock.wallSeconds(),
      passes: record.passes,
      loss: record.takeMeanLoss(),
      split: split.name,
      clean,
      robust,
    };
    this.#points.push(point);
    host.journal({ event: "point", point });
    await clock.during("checkpoint", () => this.#keep(point));
  }

  /** Judges the kept weights on the final images, each once, and saves them. */
  async final(): Promise<void> {
    const { record, host, job, parameters } = this.#run;
    const last: Snapshot = { step: record.step, weights: await fromTensors(parameters) };
    const kept = { last, best: this.#best ?? last };
    await host.clock.during("checkpoint", () => {
      this.#save({ kind: "last", target: null }, kept.last);
      if (this.#best) this.#save({ kind: "best", target: null }, this.#best);
    });
    const split = this.#course.judged.final;
    const attacks = attacksByKey(job.config.threat, job.final.attacks);
    let known: { step: number; evaluation: Evaluation } | undefined;
    for (const which of job.final.weights) {
      const { step, weights } = kept[which];
      if (known?.step !== step) known = { step, evaluation: await this.#evaluateWeights(weights, split, attacks) };
      const sha = weightsSha256(weights);
      host.journal({ event: "final", which, step, split: split.name, weightsSha256: sha, ...known.evaluation });
    }
  }

  async #evaluateWeights(weights: Weights, split: Split, attacks: Map<string, Attack>): Promise<Evaluation> {
    const tensors = toTensors(weights);
    try {
      return await judgeWeights(this.#run, tensors, { split, attacks });
    } finally {
      tf.dispose([...tensors.values()]);
    }
  }

  /** Keeps the best weights so far, and saves those of newly confirmed crossings. */
  async #keep(point: Point): Promise<void> {
    const { record, job, parameters } = this.#run;
    const snapshot: Snapshot = { step: record.step, weights: await fromTensors(parameters) };
    if (!this.#best || isAsGood(point, this.#best.point)) this.#best = { ...snapshot, point };
    const steady = pointsOnCadence(this.#points, job.evaluation.everyExamples);
    if (steady.at(-1) !== point) return;
    for (const target of job.targets) {
      if (this.#crossed.has(target) || crossing(steady, point.robust[0]!.attack, target) < 0) continue;
      this.#save({ kind: "crossing", target }, this.#previous!);
      this.#crossed.add(target);
    }
    this.#previous = snapshot;
  }

  #save({ kind, target }: Pick<SavedWeights, "kind" | "target">, { step, weights }: Snapshot): void {
    const { model, host, job } = this.#run;
    const sha = weightsSha256(weights);
    const metadata = {
      label: job.label,
      seed: String(job.config.seed),
      step: String(step),
      method: job.config.method.name,
      data: job.config.data.name,
      weightsSha256: sha,
    };
    const bytes = new Uint8Array(encodeWeights(model, weights, metadata));
    host.saveWeights({ kind, target, step, weightsSha256: sha, bytes });
  }

  #warnOfFewImages(): void {
    const { evaluation, final } = this.#run.job;
    const counts = evaluation.count === 0 ? [final.count] : [evaluation.count, final.count];
    if (Math.min(...counts) >= ENOUGH_IMAGES) return;
    const validation = evaluation.count === 0 ? "" : `${evaluation.count} validation and `;
    const warning = {
      code: "few-images",
      message: `accuracies are judged on ${validation}${final.count} final images`,
      advice: `use at least ${ENOUGH_IMAGES} images before comparing accuracies that lie close together`,
    };
    this.#run.host.journal({ event: "warning", warning });
  }
}

/** Whether a point is at least as good as an earlier one: robust accuracy first, then clean, then the later one. */
function isAsGood(point: Point, earlier: Point): boolean {
  const robust = point.robust[0]!.correct - earlier.robust[0]!.correct;
  return robust > 0 || (robust === 0 && point.clean.correct >= earlier.clean.correct);
}

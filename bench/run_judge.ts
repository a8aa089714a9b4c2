/** Judges a run while it trains and at its end, and keeps the weights worth keeping: the last, the best on validation,
 *  and the first crossing of each target. @module */

import * as tf from "@tensorflow/tfjs";
import type { Attack } from "../attacks/attack.ts";
import { subset } from "../data/batches.ts";
import type { Weights } from "../models/model.ts";
import { encodeWeights, fromTensors, toTensors, weightsSha256 } from "../models/weights.ts";
import type { Checkpoint, JudgeState } from "./checkpoint.ts";
import { Doubts } from "./doubts.ts";
import type { Evaluation } from "./evaluation.ts";
import { type Judgement, judgeWeights } from "./judge_weights.ts";
import { ENOUGH_IMAGES } from "./outcome_checks.ts";
import type { Point } from "./result.ts";
import { attacksByKey, attacksOnCadence } from "./run_config.ts";
import type { SavedWeights } from "./run_job.ts";
import type { Course, Run } from "./run_state.ts";
import { crossing, isOnCadence, pointsOnCadence } from "./targets.ts";

/** Weights as they were at a step. */
interface Snapshot {
  readonly step: number;
  readonly weights: Weights;
}

export class RunJudge {
  #run: Run;
  #course: Course;
  #attacks: Map<string, Attack>;
  #points: Point[] = [];
  #best: Snapshot & { readonly point: Point } | undefined;
  /** Weights at the evaluation before, which the next one may confirm as a crossing. */
  #previous: Snapshot | undefined;
  /** Weights at the first crossing of each target. */
  #crossed = new Map<number, Snapshot>();
  #judged = new Map<string, Promise<Evaluation>>();
  #doubts: Doubts;

  constructor(run: Run, course: Course) {
    this.#run = run;
    this.#course = course;
    this.#doubts = new Doubts(run);
    this.#attacks = attacksByKey(run.job.config.threat, attacksOnCadence(run.job.evaluation));
    this.#warnOfFewImages();
  }

  /** What a checkpoint keeps: the state, and the kept weights as groups of tensors. */
  save(): { readonly state: JudgeState; readonly weights: readonly (readonly [string, Weights])[] } {
    const best = this.#best, previous = this.#previous, crossed = [...this.#crossed];
    return {
      state: {
        points: [...this.#points],
        best: best?.point ?? null,
        previousStep: previous?.step ?? null,
        crossed: crossed.map(([target, { step }]) => ({ target, step })),
        told: this.#doubts.save(),
      },
      weights: [
        ...best ? [["best", best.weights] as const] : [],
        ...previous ? [["previous", previous.weights] as const] : [],
        ...crossed.map(([target, { weights }]) => [`crossed-${target}`, weights] as const),
      ],
    };
  }

  /** @param groups Tensors of the checkpoint. @throws {TypeError} When kept weights are not there. */
  restore({ points, best, previousStep, crossed, told }: JudgeState, groups: Checkpoint["groups"]): void {
    this.#points = [...points];
    this.#doubts.restore(told);
    if (best !== null) this.#best = { step: best.step, point: best, weights: weightsOf(groups, "best") };
    if (previousStep !== null) this.#previous = { step: previousStep, weights: weightsOf(groups, "previous") };
    for (const { target, step } of crossed) {
      this.#crossed.set(target, { step, weights: weightsOf(groups, `crossed-${target}`) });
    }
  }

  /** Step of the last point; 0 before the first. */
  get lastStep(): number {
    return this.#points.at(-1)?.step ?? 0;
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
    const { clean, robust, warnings } = await judgeWeights(this.#run, parameters, { split, attacks: this.#attacks });
    this.#doubts.tellKinds(record.step, warnings);
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

  /** Saves the kept weights and judges them on the final images. */
  async final(): Promise<void> {
    const { record, host, job, parameters } = this.#run;
    const last: Snapshot = { step: record.step, weights: await fromTensors(parameters) };
    const kept = { last, best: this.#best ?? last };
    await host.clock.during("checkpoint", () => {
      this.#save({ kind: "last", target: null }, kept.last);
      if (this.#best) this.#save({ kind: "best", target: null }, this.#best);
    });
    const finalImages = {
      split: this.#course.judged.final,
      attacks: attacksByKey(job.config.threat, job.final.attacks),
    };
    for (const which of job.final.weights) {
      const weak = await this.#judgeOnce("final", kept[which], finalImages), strong = await this.#strong(kept[which]);
      const robust = [...weak.robust, ...strong?.robust ?? []];
      this.#journalFinal({ which, target: null }, kept[which], { ...weak, robust });
    }
    for (const [target, snapshot] of this.#crossed) {
      const strong = await this.#strong(snapshot);
      if (strong) this.#journalFinal({ which: "crossing", target }, snapshot, strong);
    }
  }

  #strong(snapshot: Snapshot): Promise<Evaluation> | undefined {
    const { strong, config } = this.#run.job;
    if (strong === null) return undefined;
    const split = subset(this.#course.judged.final, strong.count);
    return this.#judgeOnce("strong", snapshot, { split, attacks: attacksByKey(config.threat, [strong.attack]) });
  }

  /** Judges the weights of a step once, however often they are asked for. */
  async #judgeOnce(what: string, { step, weights }: Snapshot, judgement: Judgement): Promise<Evaluation> {
    const key = `${what} ${step}`;
    let judged = this.#judged.get(key);
    if (judged === undefined) this.#judged.set(key, judged = this.#judgeSnapshot(weights, judgement));
    this.#doubts.tellAll(step, (await judged).warnings);
    return await judged;
  }

  async #judgeSnapshot(weights: Weights, judgement: Judgement): Promise<Evaluation> {
    const tensors = toTensors(weights);
    try {
      return await judgeWeights(this.#run, tensors, { ...judgement, outcomes: true });
    } finally {
      tf.dispose([...tensors.values()]);
    }
  }

  #journalFinal(
    kind: { readonly which: "last" | "best" | "crossing"; readonly target: number | null },
    { step, weights }: Snapshot,
    { clean, robust }: Evaluation,
  ): void {
    const split = this.#course.judged.final.name, sha = weightsSha256(weights);
    this.#run.host.journal({ event: "final", ...kind, step, split, weightsSha256: sha, clean, robust });
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
      this.#crossed.set(target, this.#previous!);
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
    const { evaluation, final, strong } = this.#run.job;
    const counts = [evaluation.count, final.count, strong?.count ?? 0].filter((count) => count > 0);
    if (Math.min(...counts) >= ENOUGH_IMAGES) return;
    const validation = evaluation.count === 0 ? "" : `${evaluation.count} validation and `;
    const strongly = strong === null ? "" : `, by the strong attack on ${strong.count} of these`;
    const warning = {
      code: "few-images",
      message: `accuracies are judged on ${validation}${final.count} final images${strongly}`,
      advice: `use at least ${ENOUGH_IMAGES} images before comparing accuracies that lie close together`,
    };
    this.#run.host.journal({ event: "warning", warning });
  }
}

/** Kept weights out of a checkpoint. @throws {TypeError} */
function weightsOf(groups: Checkpoint["groups"], group: string): Weights {
  const members = groups.get(group);
  if (members === undefined) throw new TypeError(`Cannot go on from the checkpoint: it lacks the weights "${group}"`);
  return new Map([...members].map(([name, { shape, values }]) => [name, { shape, values: values as Float32Array }]));
}

/** Whether a point is at least as good as an earlier one: robust accuracy first, then clean, then the later one. */
function isAsGood(point: Point, earlier: Point): boolean {
  const robust = point.robust[0]!.correct - earlier.robust[0]!.correct;
  return robust > 0 || (robust === 0 && point.clean.correct >= earlier.clean.correct);
}

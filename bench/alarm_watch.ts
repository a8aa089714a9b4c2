/** Watches a run that trains adversarially for catastrophic overfitting: PGD-10 and FGSM at the suite's ε after each whole
 *  epoch, on the first validation images. The rule is in overfitting_alarm.ts. @module */

import { findAttack } from "../attacks/registry.ts";
import { subset } from "../data/batches.ts";
import type { Split } from "../data/dataset.ts";
import type { AlarmState } from "./checkpoint.ts";
import { Doubts } from "./doubts.ts";
import { type Judgement, judgeWeights } from "./judge_weights.ts";
import { overfittingWarning } from "./overfitting_alarm.ts";
import type { AlarmPoint } from "./result.ts";
import type { Course, Run } from "./run_state.ts";

export class AlarmWatch {
  #run: Run;
  #course: Course;
  /** The images that are attacked; null where the run is not watched. */
  #images: Split | null;
  #points: AlarmPoint[] = [];
  #doubts: Doubts;

  constructor(run: Run, course: Course) {
    this.#run = run;
    this.#course = course;
    this.#images = watchedImages(run, course);
    this.#doubts = new Doubts(run);
  }

  /** Whether a whole epoch has just ended, after a step that ended a batch. */
  isDue(): boolean {
    return this.#images !== null && this.#run.record.step % this.#course.stepsPerEpoch === 0;
  }

  save(): AlarmState {
    return { points: [...this.#points], told: this.#doubts.save() };
  }

  restore({ points, told }: AlarmState): void {
    this.#points = [...points];
    this.#doubts.restore(told);
  }

  /** Step of the last look; 0 before the first. */
  get lastStep(): number {
    return this.#points.at(-1)?.step ?? 0;
  }

  /** Attacks the current weights and writes down what is left; warns where it means that the run overfits, once. */
  async look(): Promise<void> {
    const { job, host, record, parameters } = this.#run;
    const pgd = findAttack("pgd-10", job.config.threat), fgsm = findAttack("fgsm", job.config.threat);
    const attacks = new Map([["pgd", pgd], ["fgsm", fgsm]]);
    const judgement: Judgement = { split: this.#images!, attacks, stream: "alarm" };
    const { robust, warnings } = await judgeWeights(this.#run, parameters, judgement);
    this.#doubts.tellKinds(record.step, warnings);
    const [underPgd, underFgsm] = robust.map(({ accuracy, correct, count }) => ({ accuracy, correct, count }));
    const point: AlarmPoint = {
      epoch: record.step / this.#course.stepsPerEpoch,
      step: record.step,
      attack: pgd.label,
      pgd: underPgd!,
      fgsm: underFgsm!,
    };
    this.#points.push(point);
    host.journal({ event: "alarm", point });
    const warning = overfittingWarning(this.#points);
    if (warning === null) return;
    host.journal({ event: "warning", warning });
    host.progress({ kind: "note", text: `${job.label} seed ${job.config.seed}: ${warning.message}` });
  }
}

/** The images of a run that is to be watched; one that cannot be is told. */
function watchedImages({ job: { alarm }, method, host }: Run, { dataset }: Course): Split | null {
  if (alarm === null || !("epsilon" in method.resolved)) return null;
  const available = dataset.validation.labels.length;
  if (available >= alarm.count) return subset(dataset.validation, alarm.count);
  const warning = {
    code: "not-watched",
    message: `the run is not watched for catastrophic overfitting: that takes ${alarm.count} validation images, ` +
      `${dataset.name} has ${available}`,
    advice: "keep more validation images, or read PGD accuracy beside FGSM accuracy yourself",
  };
  host.journal({ event: "warning", warning });
  return null;
}

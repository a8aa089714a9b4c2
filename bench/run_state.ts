/** A run at work in its surroundings, and the course of data that it takes. @module */

import { stepsPerEpoch, subset } from "../data/batches.ts";
import type { Dataset, Split } from "../data/dataset.ts";
import type { Model } from "../models/model.ts";
import { findDataset } from "../data/registry.ts";
import type { SavedCheckpoint } from "./checkpoint_files.ts";
import type { RunClock } from "./clock.ts";
import type { JournalEvent } from "./journal.ts";
import type { ProgressEvent } from "./progress.ts";
import type { RunJob, SavedWeights } from "./run_job.ts";
import type { Trainer } from "./trainer.ts";

/** What surrounds a run: its clock and where its words go. */
export interface RunHost {
  readonly clock: RunClock;
  readonly journal: (event: JournalEvent) => void;
  readonly saveWeights: (weights: SavedWeights) => void;
  readonly saveCheckpoint: (checkpoint: SavedCheckpoint) => void;
  readonly progress: (event: ProgressEvent) => void;
  /** Asked between steps and between batches of an evaluation. */
  readonly shouldStop: () => boolean;
}

/** A run at work. */
export interface Run extends Trainer {
  readonly job: RunJob;
  readonly host: RunHost;
}

/** A loaded data set and the length of the run on it. */
export interface Course {
  readonly dataset: Dataset;
  /** The images that are judged on the cadence, and at the end. */
  readonly judged: { readonly validation: Split; readonly final: Split };
  /** Optimizer steps. */
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
}

/**
 * Loads the data anew, as every run does, and checks that it fits the run.
 *
 * @throws {RangeError} When the images do not fit the model, or a split holds fewer images than are to be judged.
 */
export async function loadCourse({ job, model, method }: Run): Promise<Course> {
  const { config, evaluation, final } = job;
  const dataset = await findDataset(config.data.name).load(config.data.options, { cache: job.cache });
  checkFit(model, dataset);
  const judged = {
    validation: evaluation.count === 0
      ? subset(dataset.validation, 0)
      : firstImages(dataset, "validation", evaluation.count),
    final: firstImages(dataset, final.split, final.count),
  };
  const batches = stepsPerEpoch(dataset.train.labels.length, config.batch);
  const totalBatches = Math.max(1, Math.ceil(config.epochs * batches - 1e-9));
  const { stepsPerBatch } = method;
  return { dataset, judged, stepsPerEpoch: stepsPerBatch * batches, totalSteps: stepsPerBatch * totalBatches };
}

/** @throws {RangeError} When the model does not take the data set's images or classes. */
export function checkFit(model: Model, dataset: Dataset): void {
  if (dataset.shape.join() === model.input.join() && dataset.classes === model.classes) return;
  throw new RangeError(
    `Cannot use ${model.name} on ${dataset.name}: the model takes [${model.input}] and ${model.classes} classes, ` +
      `the data has [${dataset.shape}] and ${dataset.classes}`,
  );
}

/** The first `count` images of a split. @throws {RangeError} When it has fewer. */
export function firstImages(dataset: Dataset, which: "validation" | "final", count: number): Split {
  const split = dataset[which];
  if (count >= 1 && count <= split.labels.length) return subset(split, count);
  throw new RangeError(
    `Cannot judge ${count} images: the ${split.name} split of ${dataset.name} has ${split.labels.length}`,
  );
}

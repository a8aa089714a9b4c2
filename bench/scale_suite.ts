/** Makes a suite smaller, or longer: `--scale` multiplies the schedules, `--data-scale` takes a part of the training images.
 *  A suite that was scaled says so in its title and in `scaled`. @module */

import type { OptimizerConfig, Suite, SuiteRun } from "./suite.ts";
import { trainImages } from "./train_images.ts";
import { UsageError } from "./usage_error.ts";

/** Factors as --scale and --data-scale give them. */
export interface ScaleFactors {
  /** On epochs and milestones, above 0; they are rounded up to whole epochs, at least 1. @default {1} */
  readonly epochs?: number;
  /** Part of the training images, above 0 and at most 1, and on the examples between two evaluations. @default {1} */
  readonly data?: number;
}

const MOST_TITLE = 200;

/**
 * The suite with its factors applied; as it is where both are 1.
 *
 * @throws {UsageError} When the suite is scaled already, or its data are wrong.
 */
export function scaleSuite(suite: Suite, { epochs = 1, data = 1 }: ScaleFactors): Suite {
  if (epochs === 1 && data === 1) return suite;
  if (suite.scaled !== undefined) {
    throw new UsageError(
      `Cannot scale suite ${suite.name}: it is scaled already (${
        factorsText(suite.scaled)
      }); scale the one it came from`,
    );
  }
  const scaled = scaleData(suite, data);
  const title = ` (${factorsText({ epochs, data })})`;
  return {
    ...scaled,
    title: suite.title.slice(0, MOST_TITLE - title.length) + title,
    runs: suite.runs.map((run) => scaleRun(run, epochs)),
    scaled: { epochs, data },
  };
}

/** "epochs × 0.05, training images × 0.2", without what stays as it is. */
function factorsText({ epochs, data }: Required<ScaleFactors>): string {
  const parts = [["epochs", epochs], ["training images", data]] as const;
  return parts.filter(([, factor]) => factor !== 1).map(([what, factor]) => `${what} × ${factor}`).join(", ");
}

function scaleRun(run: SuiteRun, factor: number): SuiteRun {
  if (factor === 1) return run;
  const { firstLayerOptimizer } = run;
  return {
    ...run,
    epochs: scaleEpochs(run.epochs, factor),
    optimizer: scaleSchedule(run.optimizer, factor),
    ...(firstLayerOptimizer ? { firstLayerOptimizer: scaleSchedule(firstLayerOptimizer, factor) } : {}),
  };
}

function scaleSchedule(optimizer: OptimizerConfig, factor: number): OptimizerConfig {
  const { schedule } = optimizer;
  if (schedule.kind !== "piecewise") return optimizer; // in parts of the run
  const milestones = schedule.milestones.map((milestone) => scaleEpochs(milestone, factor));
  return { ...optimizer, schedule: { ...schedule, milestones } };
}

/** Whole epochs, at least 1. */
function scaleEpochs(epochs: number, factor: number): number {
  return Math.max(1, roundUp(epochs * factor));
}

/** Products such as 0.07 · 100 = 7.000000000000001 must not become 8. */
function roundUp(value: number): number {
  return Math.ceil(value * (1 - 1e-12));
}

function scaleData(suite: Suite, factor: number): Suite {
  if (factor === 1) return suite;
  const { data, evaluation } = suite, largestBatch = Math.max(...suite.runs.map(({ batch }) => batch));
  const everyExamples = Math.max(largestBatch, roundUp(evaluation.everyExamples * factor));
  return {
    ...suite,
    data: { ...data, options: { ...data.options, trainCount: roundUp(imagesOf(suite) * factor) } },
    evaluation: { ...evaluation, everyExamples: Math.min(evaluation.everyExamples, everyExamples) },
  };
}

/** @throws {UsageError} */
function imagesOf({ name, data }: Suite): number {
  try {
    return trainImages(data);
  } catch (error) {
    throw UsageError.from(error, `suite ${name}`);
  }
}

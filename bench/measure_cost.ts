/** Seconds per optimizer step of one method, model and engine, on made-up images: what a step costs does not depend on
 *  what the images show. Times whole steps: tensors of the batch, attack, weight gradients and optimizer; loading is left
 *  out. @module */

import * as tf from "@tensorflow/tfjs";
import { calibrate } from "../backends/calibration.ts";
import type { Engine } from "../backends/engine.ts";
import { type Spread, spreadOf } from "../statistics/spread.ts";
import { costConfig, type StepWork } from "./cost_config.ts";
import { loopsInClosedForm } from "./closed_form.ts";
import { flopsPerImage } from "./count_flops.ts";
import { checkBatchFits } from "./fit_batch.ts";
import { type KernelTime, profileKernels } from "./profile_kernels.ts";
import type { Machine, Passes, RunRecord } from "./result.ts";
import { engineRecord, methodOf } from "./run_config.ts";
import { type PhaseSeconds, phasesOf, STEP_PHASES } from "./step_phases.ts";
import type { Named } from "./suite.ts";
import { madeUpBatch, trainBatch } from "./train_step.ts";
import { createTrainer, disposeTrainer, type Trainer } from "./trainer.ts";

/** Plain data: a team's Workers get it by message. */
export interface CostOptions extends StepWork {
  /** Timed batches, an optimizer step each except in free-M; one more runs first and is not counted. */
  readonly steps: number;
  /** Whether a few more steps are taken apart by kernel. @default {false} */
  readonly profile?: boolean;
  /** Methods whose flops are counted as well, on the same model. */
  readonly alsoCount?: readonly Named[];
}

/** What the engine measured; the leading worker's share of it where a worker can only speak for itself. */
export interface CostMeasurement {
  readonly model: string;
  readonly method: string;
  readonly methodLabel: string;
  readonly batch: number;
  readonly steps: number;
  readonly engine: NonNullable<RunRecord["engine"]>;
  readonly secondsPerStep: Omit<Spread, "count">;
  /** Medians over the steps; they need not add up to the median step. Of the leading worker. */
  readonly phaseSeconds: PhaseSeconds;
  /** Per optimizer step. */
  readonly passes: Passes;
  /** Whether the adversary's first-layer passes stand for a closed form that replaces them. */
  readonly innerLoopInClosedForm: boolean;
  /** 10⁹ flops of a step, as count_flops.ts counts, and their rate at the median step. */
  readonly gflopPerStep: number;
  readonly gflopPerSecond: number;
  readonly calibration: NonNullable<Machine["calibration"]>;
  /** gflopPerSecond by the calibrated rate of matrix products on the same engine. */
  readonly fractionOfGemm: number;
  /** The step that is not counted, which compiles and fetches memory, and all seconds from the Worker's start to its end. */
  readonly firstStepSeconds: number;
  readonly startToFirstStepSeconds: number;
  /** Largest resident memory of the whole process, sampled after each step. */
  readonly peakMemoryBytes: number;
  /** After the last step: weights and the optimizer's state. Of the leading worker. */
  readonly live: { readonly tensors: number; readonly bytes: number };
  /** Of the leading worker, per step, the largest first; null where it was not asked for. */
  readonly profile: { readonly secondsPerStep: number; readonly kernels: readonly KernelTime[] } | null;
  /** 10⁹ flops for each image of a batch (all its optimizer steps), one number a method of `alsoCount`. */
  readonly alsoCounted?: readonly number[];
}

/**
 * Everything that an opened engine tells; in a team every worker calls it.
 *
 * @throws {UsageError} When a name or an option is wrong, or the batch does not fit.
 */
export async function measureCostOn(engine: Engine, options: CostOptions): Promise<CostMeasurement> {
  const config = costConfig(options);
  await checkBatchFits(engine, config);
  const trainer = createTrainer(engine, config);
  try {
    const times = await timeSteps(trainer, options.steps);
    const live = engine.memory();
    const profile = options.profile ? await profileSteps(trainer, options.steps) : null;
    const { median, min, max } = spreadOf(times.seconds);
    const gflopPerStep = flopsPerImage(trainer) * config.batch / 1e9, gflopPerSecond = gflopPerStep / median;
    const calibration = await calibrate(engine);
    return {
      model: trainer.model.name,
      method: trainer.method.name,
      methodLabel: trainer.method.label,
      batch: options.batch,
      steps: options.steps,
      engine: engineRecord(engine),
      secondsPerStep: { median, min, max },
      phaseSeconds: medians(times.phases),
      passes: times.passes,
      innerLoopInClosedForm: loopsInClosedForm(trainer),
      gflopPerStep,
      gflopPerSecond,
      calibration,
      fractionOfGemm: gflopPerSecond / calibration.gemmGflops,
      firstStepSeconds: times.firstStepSeconds,
      startToFirstStepSeconds: times.startToFirstStepSeconds,
      peakMemoryBytes: times.peakMemoryBytes,
      live,
      profile,
      ...(options.alsoCount ? { alsoCounted: countOthers(trainer, options.alsoCount) } : {}),
    };
  } finally {
    disposeTrainer(trainer);
  }
}

function countOthers(trainer: Trainer, methods: readonly Named[]): number[] {
  return methods.map((named) => {
    const method = methodOf(trainer.config.threat, named);
    return flopsPerImage({ ...trainer, method }) * method.stepsPerBatch / 1e9;
  });
}

/** One batch that is not counted, then `count` that are; times are those of an optimizer step. */
async function timeSteps(trainer: Trainer, count: number) {
  const { engine, method: { stepsPerBatch } } = trainer, totalSteps = (count + 1) * stepsPerBatch;
  const stopwatch = phasesOf(engine, settle(engine));
  const seconds: number[] = [], phases: PhaseSeconds[] = [];
  let peakMemoryBytes = 0, startToFirstStepSeconds = 0;
  for (let number = 0; number <= count; number++) {
    const batch = madeUpBatch(trainer, number), { step } = trainer.record;
    const began = performance.now();
    await trainBatch(trainer, batch, { epoch: 0, step, stepsPerEpoch: totalSteps, totalSteps }, stopwatch);
    await engine.synchronize();
    seconds.push((performance.now() - began) / 1000 / stepsPerBatch);
    phases.push(perStep(stopwatch.take(), stepsPerBatch));
    peakMemoryBytes = Math.max(peakMemoryBytes, Deno.memoryUsage().rss);
    if (number === 0) startToFirstStepSeconds = performance.now() / 1000; // since this Worker's start
  }
  return {
    seconds: seconds.slice(1),
    phases: phases.slice(1),
    passes: trainer.record.passesPerStep(),
    firstStepSeconds: seconds[0]!,
    startToFirstStepSeconds,
    peakMemoryBytes,
  };
}

/** Batches that a profile sums over, at most: it needs no more, and it slows them down a little. */
const MOST_PROFILED = 3;

async function profileSteps(trainer: Trainer, count: number): Promise<CostMeasurement["profile"]> {
  const batches = Math.min(count, MOST_PROFILED), { record, method } = trainer;
  const steps = batches * method.stepsPerBatch, totalSteps = record.step + steps;
  const profile = profileKernels(trainer.engine);
  const profiled = { ...trainer, engine: profile.engine };
  let seconds = 0;
  for (let number = count + 1; number <= count + batches; number++) {
    const batch = madeUpBatch(profiled, number), { step } = record;
    const began = performance.now();
    await trainBatch(profiled, batch, { epoch: 0, step, stepsPerEpoch: totalSteps, totalSteps });
    seconds += (performance.now() - began) / 1000;
  }
  const kernels = profile.stop().map(({ name, calls, seconds, flops }) => ({
    name,
    calls: calls / steps,
    seconds: seconds / steps,
    flops: flops / steps,
  }));
  return { secondsPerStep: seconds / steps, kernels };
}

/** A GPU returns before its work is done: reading a value back waits for all that was asked for before. */
function settle({ settings }: Engine): () => void {
  return settings.gpu === true ? () => void tf.tidy(() => tf.add(1, 1).dataSync()) : () => {};
}

function perStep(batch: PhaseSeconds, steps: number): PhaseSeconds {
  return Object.fromEntries(STEP_PHASES.map((phase) => [phase, batch[phase] / steps])) as PhaseSeconds;
}

function medians(steps: readonly PhaseSeconds[]): PhaseSeconds {
  const median = (phase: typeof STEP_PHASES[number]): number => spreadOf(steps.map((step) => step[phase])).median;
  return Object.fromEntries(STEP_PHASES.map((phase) => [phase, median(phase)])) as PhaseSeconds;
}

/** One batch through a method and the optimizer. @module */

import * as tf from "@tensorflow/tfjs";
import type { Batch } from "../data/dataset.ts";
import { elementCount } from "../models/layers.ts";
import { random } from "../random/random.ts";
import { Diverged } from "./evaluation_task.ts";
import type { Shard, StepResult } from "../training/method.ts";
import { applyStatistics } from "../training/running_statistics.ts";
import type { SchedulePosition } from "../training/schedules.ts";
import type { StepPhases } from "./step_phases.ts";
import type { Trainer } from "./trainer.ts";

/** Where the batch stands in the trainer. */
export interface BatchPosition extends SchedulePosition {
  readonly epoch: number;
}

/**
 * Trains on one batch: every gradient that the method yields becomes one optimizer step.
 *
 * @param phases Hears where the seconds go.
 * @returns Mean loss of the last step, nats.
 * @throws {Diverged} When a loss is not finite.
 */
export async function trainBatch(
  trainer: Trainer,
  batch: Batch,
  position: BatchPosition,
  phases?: StepPhases,
): Promise<number> {
  const { engine, model, method, parameters, config, record } = trainer;
  let began = performance.now(), loss = NaN;
  phases?.switchTo("data");
  const shard = takeShare(trainer, batch);
  const phase = phases && { phase: phases.switchTo.bind(phases) };
  const context = { engine, model, parameters, seed: config.seed, position, state: trainer.methodState, ...phase };
  try {
    for (const result of method.step(context, shard)) {
      phases?.switchTo("optimizer");
      applyStatistics(parameters, result, shard);
      const lossSum = await applyStep(trainer, result, position);
      const now = performance.now();
      record.add(result, lossSum, { seconds: (now - began) / 1000, isFullBatch: batch.count === config.batch });
      began = now;
      loss = lossSum / result.count;
      if (!Number.isFinite(loss)) throw new Diverged(`the training loss became ${loss} in step ${record.step}`);
    }
  } finally {
    tf.dispose([shard.x, shard.y]);
  }
  record.examples += batch.count;
  return loss;
}

/** This worker's part of the batch; the caller disposes the tensors. */
function takeShare({ engine, model }: Trainer, batch: Batch): Shard {
  const { first, end } = engine.team.takeShare(batch.count), pixels = elementCount(model.input);
  return {
    x: tf.tensor4d(batch.x.subarray(first * pixels, end * pixels), [end - first, ...model.input]),
    y: tf.tensor1d(batch.y.subarray(first, end), "int32"),
    ids: batch.ids.subarray(first, end),
    batchCount: batch.count,
    first,
  };
}

/** Turns sums into means, steps, disposes what the method gave, and reads the loss: the step's only read-back. */
async function applyStep(trainer: Trainer, result: StepResult, position: BatchPosition): Promise<number> {
  const means = new Map([...result.gradients].map(([name, sum]) => [name, tf.div(sum, result.count)]));
  trainer.optimizer.update(trainer.parameters, means, { ...position, step: trainer.record.step });
  tf.dispose([...means.values(), ...result.gradients.values()]);
  const [lossSum] = await result.lossSum.data();
  result.lossSum.dispose();
  return lossSum!;
}

/** A full batch of noise with labels in turn, for warm-up and cost: a step costs the same whatever the images show. */
export function madeUpBatch({ model, config }: Trainer, step: number): Batch {
  const { batch: count, seed } = config;
  const stream = random(seed, "made-up", step);
  return {
    x: Float32Array.from({ length: count * elementCount(model.input) }, () => stream.uniform()),
    y: Int32Array.from({ length: count }, (_, i) => i % model.classes),
    ids: Uint32Array.from({ length: count }, (_, i) => i),
    count,
  };
}

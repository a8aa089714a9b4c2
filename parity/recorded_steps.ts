/** Optimizer steps of a training method over a recorded batch, with everything that the method traces. @module */

import * as tf from "@tensorflow/tfjs";
import { atBeginning, wholeBatch } from "../training/outside_run.ts";
import { z } from "zod";
import type { Engine } from "../backends/engine.ts";
import type { Model } from "../models/model.ts";
import { createOptimizer } from "../training/create_optimizer.ts";
import type { TrainingMethod } from "../training/method.ts";
import type { Optimizer } from "../training/optimizer.ts";
import { applyStatistics, disposeResult } from "../training/running_statistics.ts";

/** The optimizer as manifests state it. */
export const optimizerSchema = z.looseObject({
  kind: z.literal("SGD"),
  lr: z.number().positive(),
  momentum: z.number().min(0),
  weightDecay: z.number().min(0),
});

/** What is trained and how. */
export interface Training {
  readonly engine: Engine;
  readonly model: Model;
  readonly method: TrainingMethod;
  /** Current parameters and buffers; the steps replace them. */
  readonly parameters: Map<string, tf.Tensor>;
  /** Null where a case ends with the gradients. */
  readonly optimizer: Optimizer | null;
  readonly learningRate: number;
  /** What the method carries from batch to batch. */
  readonly state: Map<string, tf.Tensor>;
}

/** A training that begins with the given weights, which become its own. */
export function beginTraining(
  network: Pick<Training, "engine" | "model" | "method" | "parameters">,
  options: z.output<typeof optimizerSchema> | null,
): Training {
  const { momentum, weightDecay, lr } = options ?? { momentum: 0, weightDecay: 0, lr: 0 };
  const { kernels } = network.engine;
  const optimizer = options && createOptimizer(kernels, { kind: "sgd", momentum, weightDecay });
  return { ...network, optimizer, learningRate: lr, state: new Map() };
}

export function endTraining({ parameters, optimizer, state }: Training): void {
  optimizer?.dispose();
  tf.dispose([...parameters.values(), ...state.values()]);
}

/** A batch as it was recorded; the tensors become the steps'. */
export interface RecordedBatch {
  readonly x: tf.Tensor4D;
  readonly y: tf.Tensor1D;
  /** Start perturbation, or null where the method draws none. */
  readonly start: tf.Tensor4D | null;
}

/** Traced quantities by name, as the method gave them, one tensor a round. */
export type Traced = ReadonlyMap<string, readonly tf.Tensor[]>;

/** One optimizer step that was taken; its tensors live until the next one is asked for. */
export interface TakenStep {
  /** Mean gradients, in the model's order. */
  readonly gradients: ReadonlyMap<string, tf.Tensor>;
  /** Mean loss. */
  readonly loss: tf.Scalar;
  /** Of the whole batch so far. */
  readonly traced: Traced;
}

/** The steps of one batch, each yielded once parameters and running statistics have moved. */
export function* takeSteps(training: Training, { x, y, start }: RecordedBatch): Generator<TakenStep, void, void> {
  const { method, parameters, optimizer, learningRate, engine, model, state } = training;
  const traced = new Map<string, tf.Tensor[]>();
  const shard = wholeBatch({ x, y });
  const steps = method.step({
    ...atBeginning({ engine, model, parameters }),
    state,
    ...(start && { recordedStart: start }),
    trace(quantity, _round, value) {
      traced.set(quantity, [...traced.get(quantity) ?? [], tf.keep(value.clone())]);
    },
  }, shard);
  const taken: tf.Tensor[] = [];
  try {
    for (const result of steps) {
      const gradients = new Map([...result.gradients].map(([name, sum]) => [name, tf.div(sum, result.count)]));
      const loss = tf.div<tf.Scalar>(result.lossSum, result.count);
      taken.push(loss, ...gradients.values());
      optimizer?.update(parameters, gradients, learningRate);
      applyStatistics(parameters, result, shard);
      disposeResult({ ...result, statistics: [] });
      yield { gradients, loss, traced };
      tf.dispose(taken.splice(0));
    }
  } finally {
    tf.dispose([x, y, ...(start ? [start] : []), ...taken, ...[...traced.values()].flat()]);
  }
}

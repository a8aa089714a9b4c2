/** Model, method, parameters and optimizer of one configuration: what takes training steps. @module */

import * as tf from "@tensorflow/tfjs";
import type { Engine } from "../backends/engine.ts";
import type { Model } from "../models/model.ts";
import { findModel } from "../models/registry.ts";
import { toTensors } from "../models/weights.ts";
import { random } from "../random/random.ts";
import type { TrainingMethod } from "../training/method.ts";
import { createOptimizer } from "../training/create_optimizer.ts";
import { scheduled, type ScheduledOptimizer, splitFirstLayer } from "../training/scheduled_optimizer.ts";
import { methodOf } from "./run_config.ts";
import { StepRecord } from "./step_record.ts";
import type { OptimizerConfig, RunConfig } from "./suite.ts";

export interface Trainer {
  readonly engine: Engine;
  readonly config: RunConfig;
  readonly model: Model;
  readonly method: TrainingMethod;
  /** Current values of parameters and buffers; the steps replace them. */
  readonly parameters: Map<string, tf.Tensor>;
  readonly optimizer: ScheduledOptimizer;
  /** What the method carries from batch to batch. */
  readonly methodState: Map<string, tf.Tensor>;
  readonly record: StepRecord;
}

/** A trainer at its start weights, which the seed decides. The caller disposes it. */
export function createTrainer(engine: Engine, config: RunConfig): Trainer {
  const model = findModel(config.model.name).create(config.model.options);
  const weights = model.initialize((parameter) => random(config.seed, `initialize/${parameter}`));
  return {
    engine,
    config,
    model,
    method: methodOf(config.threat, config.method),
    parameters: toTensors(weights),
    optimizer: createSplitOptimizer(engine, config),
    methodState: new Map(),
    record: new StepRecord(),
  };
}

export function disposeTrainer({ parameters, optimizer, methodState }: Trainer): void {
  tf.dispose([...parameters.values(), ...methodState.values()]);
  optimizer.dispose();
}

function createSplitOptimizer({ kernels }: Engine, { optimizer, firstLayerOptimizer }: RunConfig): ScheduledOptimizer {
  const create = (options: OptimizerConfig): ScheduledOptimizer =>
    scheduled(createOptimizer(kernels, options), options.learningRate, options.schedule);
  return firstLayerOptimizer ? splitFirstLayer(create(firstLayerOptimizer), create(optimizer)) : create(optimizer);
}

/** The configuration of steps that are taken to see what they cost, in time or in memory. @module */

import { findModel } from "../models/registry.ts";
import { methodOf } from "./run_config.ts";
import { ALGORITHM_VERSION, type Named, type RunConfig, type Suite } from "./suite.ts";
import { UsageError } from "./usage_error.ts";

/** What decides the cost of a step. */
export interface StepWork {
  readonly model: Named;
  readonly method: Named;
  readonly threat: Suite["threat"];
  readonly batch: number;
  /** @default 1 */
  readonly steps?: number;
}

/** Made-up images and a plain optimizer, whose share is small and the same for all methods. @throws {UsageError} When a
 *  name or an option is wrong. */
export function costConfig({ model, method, threat, batch, steps = 1 }: StepWork): RunConfig {
  try {
    return {
      algorithmVersion: ALGORITHM_VERSION,
      data: { name: "synthetic", options: {} },
      augmentation: "none",
      model: { name: model.name, options: { ...findModel(model.name).create(model.options).options } },
      threat,
      method: { name: method.name, options: { ...methodOf(threat, method).resolved } },
      batch,
      epochs: steps,
      optimizer: { kind: "sgd", learningRate: 0.01, momentum: 0.9, weightDecay: 5e-4, schedule: { kind: "constant" } },
      firstLayerOptimizer: null,
      dtype: "float32",
      seed: 0,
    };
  } catch (error) {
    throw UsageError.from(error, "--model, --method and their options");
  }
}

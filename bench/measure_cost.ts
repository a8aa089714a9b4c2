/** Seconds per optimizer step of one method, model and engine, on made-up images: what a step costs does not depend on
 *  what the images show. Times whole steps: attack, weight gradients and optimizer; loading is left out. @module */

import { findEngine } from "../backends/registry.ts";
import { hardwareRecord } from "../backends/hardware.ts";
import { findModel } from "../models/registry.ts";
import { type Spread, spreadOf } from "../statistics/spread.ts";
import { chooseEngine, type EngineChoice } from "./choose_engine.ts";
import type { Machine, Passes, RunRecord } from "./result.ts";
import { engineRecord, methodOf } from "./run_config.ts";
import { ALGORITHM_VERSION, type Named, type RunConfig, type Suite } from "./suite.ts";
import { madeUpBatch, trainBatch } from "./train_step.ts";
import { createTrainer, disposeTrainer } from "./trainer.ts";
import { UsageError } from "./usage_error.ts";

export interface CostOptions {
  readonly model: Named;
  readonly method: Named;
  readonly threat: Suite["threat"];
  readonly batch: number;
  /** Timed steps; one more runs first and is not counted. */
  readonly steps: number;
  readonly engine: EngineChoice;
}

export interface CostReport {
  readonly model: string;
  readonly method: string;
  readonly methodLabel: string;
  readonly batch: number;
  readonly steps: number;
  readonly engine: RunRecord["engine"];
  readonly machine: Machine;
  readonly secondsPerStep: Omit<Spread, "count">;
  /** Per optimizer step. */
  readonly passes: Passes;
}

/** @throws {UsageError} When a name or an option is wrong. */
export async function measureCost(options: CostOptions): Promise<CostReport> {
  const config = resolveConfig(options);
  const engine = await findEngine(await chooseEngine(options.engine)).open();
  const trainer = createTrainer(engine, config);
  try {
    const seconds: number[] = [], totalSteps = options.steps + 1;
    for (let step = 0; step < totalSteps; step++) {
      const batch = madeUpBatch(trainer, step);
      const began = performance.now();
      await trainBatch(trainer, batch, { epoch: 0, step, stepsPerEpoch: totalSteps, totalSteps });
      await engine.synchronize();
      if (step > 0) seconds.push((performance.now() - began) / 1000);
    }
    const { median, min, max } = spreadOf(seconds);
    return {
      model: trainer.model.name,
      method: trainer.method.name,
      methodLabel: trainer.method.label,
      batch: options.batch,
      steps: options.steps,
      engine: engineRecord(engine),
      machine: { ...await hardwareRecord(), calibration: null },
      secondsPerStep: { median, min, max },
      passes: trainer.record.passesPerStep(),
    };
  } finally {
    disposeTrainer(trainer);
  }
}

/** A configuration with a plain optimizer: its share of a step is small and the same for all methods. */
function resolveConfig({ model, method, threat, batch, steps }: CostOptions): RunConfig {
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

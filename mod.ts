/**
 * yopo-bench as a library: training methods, attacks, models, data and engines under one set of contracts, and the
 * suites that measure how long each method takes to reach a robust accuracy.
 *
 * @example Measure what a step of YOPO-3-2 costs
 * ```ts
 * import { measureCost } from "yopo-bench";
 * import assert from "node:assert/strict";
 *
 * const { passes, secondsPerStep } = await measureCost({
 *   model: { name: "tiny-cnn", options: {} },
 *   method: { name: "yopo-3-2", options: { stepSize: 0.05 } },
 *   threat: { norm: "linf", epsilon: 0.1 },
 *   batch: 4,
 *   steps: 2,
 *   engine: "cpu",
 * });
 * assert.equal(passes.full, 3);
 * assert.equal(passes.firstLayerAdversary, 6);
 * assert.ok(secondsPerStep.median > 0);
 * ```
 *
 * @module
 */

export type { Attack, AttackBatch, Classifier, Draw, Norm, RecordedDraws, ThreatModel } from "./attacks/attack.ts";
export { classifier } from "./attacks/classifier.ts";
export { findAttack } from "./attacks/registry.ts";
export { verify } from "./attacks/verify.ts";
export type { Engine, EngineDefinition, EngineName, Kernels } from "./backends/engine.ts";
export { engines, findEngine } from "./backends/registry.ts";
export { collectResult } from "./bench/collect.ts";
export { evaluateWeights } from "./bench/evaluate_weights.ts";
export { loadSuite } from "./bench/load_suite.ts";
export { runSuite } from "./bench/local_executor.ts";
export { measureCost } from "./bench/measure_cost.ts";
export type { ProgressEvent } from "./bench/progress.ts";
export { type Result, resultSchema } from "./bench/result.ts";
export { type Suite, suiteSchema } from "./bench/suite.ts";
export { UsageError } from "./bench/usage_error.ts";
export type { Batch, Dataset, Split } from "./data/dataset.ts";
export { findDataset } from "./data/registry.ts";
export type { Model, ModelDefinition, Parameters, Weights } from "./models/model.ts";
export { findModel } from "./models/registry.ts";
export { decodeWeights, encodeWeights, toTensors, weightsSha256 } from "./models/weights.ts";
export { random, type RandomStream } from "./random/random.ts";
export { readResult } from "./report/read_result.ts";
export { writeReport } from "./report/write_report.ts";
export type { Passes, StepContext, StepResult, TrainingMethod } from "./training/method.ts";
export { findMethod } from "./training/registry.ts";

/**
 * yopo-bench as a library: training methods, attacks, models, data and engines under one set of contracts, and the
 * suites that measure how long each method takes to reach a robust accuracy.
 *
 * @example Measure what a step of YOPO-3-2 costs
 * ```ts
 * import { measureCost } from "yopo-bench";
 * import assert from "node:assert/strict";
 *
 * const { passes, secondsPerStep } = await measureCost({ engine: "cpu" }, {
 *   model: { name: "tiny-cnn", options: {} },
 *   method: { name: "yopo-3-2", options: { stepSize: 0.05 } },
 *   threat: { norm: "linf", epsilon: 0.1 },
 *   batch: 4,
 *   steps: 2,
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
export { type Verification, verify } from "./attacks/verify.ts";
export type {
  Activation,
  ConvolutionOptions,
  Engine,
  EngineDefinition,
  EngineName,
  FirstLayer,
  InnerLoop,
  Kernels,
  Padding,
} from "./backends/engine.ts";
export { engines, findEngine } from "./backends/registry.ts";
export { collectResult } from "./bench/collect.ts";
export type { EngineRequest } from "./bench/engine_request.ts";
export type { EvaluateOptions } from "./bench/evaluate_weights.ts";
export { type EvaluationRecord, evaluationSchema } from "./bench/evaluation_record.ts";
export { type AttackedImages, evaluateInto, type IntoFolder } from "./bench/evaluate_into.ts";
export { loadSuite, type SuiteChanges } from "./bench/load_suite.ts";
export { runSuite, type SuiteOptions, type SuiteOutcome } from "./bench/local_executor.ts";
export type { CostMeasurement, CostOptions } from "./bench/measure_cost.ts";
export type { AttackCostMeasurement, AttackCostOptions } from "./bench/measure_attack_cost.ts";
export {
  type AttackCostReport,
  type CostReport,
  evaluateWeights,
  measureAttackCost,
  measureCost,
} from "./bench/on_team.ts";
export type { Observe, ProgressEvent } from "./bench/progress.ts";
export { type Point, type Result, resultSchema, type RunRecord, type Warning } from "./bench/result.ts";
export { type Suite, suiteSchema } from "./bench/suite.ts";
export { UsageError } from "./bench/usage_error.ts";
export type { Batch, Dataset, Split, SplitName } from "./data/dataset.ts";
export type { DatasetDefinition } from "./data/definition.ts";
export { findDataset } from "./data/registry.ts";
export type { ForwardContext, Model, ModelDefinition, Parameters, Weights } from "./models/model.ts";
export type { Option, OptionTable, OptionValue, OptionValues } from "./models/options.ts";
export { findModel } from "./models/registry.ts";
export { decodeAnyWeights, encodeStateDict, type GivenModel } from "./models/state_dict.ts";
export { decodeWeights, encodeWeights, toTensors, type WeightFile, weightsSha256 } from "./models/weights.ts";
export { random, type RandomStream } from "./random/random.ts";
export { readResult } from "./report/read_result.ts";
export { writeEvaluationReport } from "./report/write_evaluation.ts";
export { writeReport } from "./report/write_report.ts";
export type { Passes, Shard, StepContext, StepResult, TrainingMethod } from "./training/method.ts";
export { findMethod } from "./training/registry.ts";

/** Attacks on saved weights, outside any run. @module */

import * as tf from "@tensorflow/tfjs";
import type { ThreatModel } from "../attacks/attack.ts";
import { classifier } from "../attacks/classifier.ts";
import type { Engine } from "../backends/engine.ts";
import { findDataset } from "../data/registry.ts";
import { decodeWeights, toTensors, weightsSha256 } from "../models/weights.ts";
import { random } from "../random/random.ts";
import { evaluate } from "./evaluation.ts";
import { checkEvaluationFits } from "./fit_batch.ts";
import type { Observe } from "./progress.ts";
import type { FinalRow, Result, RunRecord } from "./result.ts";
import { attacksByKey, describeAttacks, engineRecord } from "./run_config.ts";
import { checkFit, firstImages } from "./run_state.ts";
import type { Named, NamedData } from "./suite.ts";
import { UsageError } from "./usage_error.ts";

export interface EvaluateOptions {
  /** A weight file's bytes and what to call it in messages. */
  readonly weights: Uint8Array;
  readonly source: string;
  readonly data: NamedData;
  /** "final" is the test or held-out images. */
  readonly split: "validation" | "final";
  /** The first so many images of the split; all where absent. */
  readonly limit?: number;
  readonly threat: ThreatModel;
  readonly attacks: readonly Named[];
  readonly batch: number;
  readonly seed: number;
  /** Folder of downloaded data sets. */
  readonly cache: string;
}

export interface EvaluationReport {
  readonly weightsSha256: string;
  readonly model: Named;
  readonly data: string;
  readonly split: string;
  readonly seed: number;
  readonly engine: RunRecord["engine"];
  readonly clean: FinalRow["clean"];
  readonly robust: FinalRow["robust"];
  readonly attacks: Result["attacks"];
}

/**
 * Clean accuracy and accuracy under each attack, by every worker of the engine's team at once.
 *
 * @throws {UsageError} When the weights, the data, an attack or the limit do not fit each other.
 */
export async function evaluateOn(
  engine: Engine,
  options: EvaluateOptions,
  observe: Observe,
): Promise<EvaluationReport> {
  const { model, weights } = usage("the weight file", () => decodeWeights(options.weights, options.source));
  const attacks = usage("--attack and its options", () => attacksByKey(options.threat, options.attacks));
  const definition = usage("--data", () => {
    const found = findDataset(options.data.name);
    found.resolve(options.data.options);
    return found;
  });
  const dataset = await definition.load(options.data.options, { cache: options.cache });
  usage("--data and the weight file", () => checkFit(model, dataset));
  await checkEvaluationFits(engine, { name: model.name, options: { ...model.options } }, options.batch);
  const count = options.limit ?? dataset[options.split].labels.length;
  const split = usage("--limit", () => firstImages(dataset, options.split, count));
  const parameters = toTensors(weights);
  try {
    const view = classifier(model, parameters, { kernels: engine.kernels, training: false });
    const evaluation = await evaluate(view, {
      split,
      shape: model.input,
      batch: options.batch,
      attacks,
      team: engine.team,
      draw: (stream, ...indices) => random(options.seed, `evaluation/${stream}`, ...indices),
      onProgress: (what, done, total) => observe({ kind: "evaluation", what: `${split.name}, ${what}`, done, total }),
      shouldStop: () => false,
    });
    return {
      weightsSha256: weightsSha256(weights),
      model: { name: model.name, options: { ...model.options } },
      data: dataset.name,
      split: split.name,
      seed: options.seed,
      engine: engineRecord(engine),
      ...evaluation,
      attacks: describeAttacks(attacks.values()),
    };
  } finally {
    tf.dispose([...parameters.values()]);
  }
}

function usage<T>(origin: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw UsageError.from(error, origin);
  }
}

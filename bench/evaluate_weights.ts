/** Attacks on saved weights, outside any run. @module */

import * as tf from "@tensorflow/tfjs";
import type { Attack, ThreatModel } from "../attacks/attack.ts";
import { classifier } from "../attacks/classifier.ts";
import { runnable } from "../attacks/ensemble.ts";
import { findAttack } from "../attacks/registry.ts";
import type { Engine } from "../backends/engine.ts";
import type { Dataset } from "../data/dataset.ts";
import { findDataset } from "../data/registry.ts";
import { decodeAnyWeights, type GivenModel } from "../models/state_dict.ts";
import { toTensors, type WeightFile, weightsSha256 } from "../models/weights.ts";
import { random } from "../random/random.ts";
import { decodeOutcomes } from "../statistics/outcome_bits.ts";
import { attended, EvaluationProgress } from "./attended.ts";
import { evaluate, type Flags } from "./evaluation.ts";
import { Diverged, type EvaluationTask } from "./evaluation_task.ts";
import type { CurvePoint, EvaluationRecord } from "./evaluation_record.ts";
import { checkEvaluationFits } from "./fit_batch.ts";
import { checkCount, checkCurve } from "./outcome_checks.ts";
import { decodeChunk, type OutcomeChunk } from "./outcome_store.ts";
import type { Observe } from "./progress.ts";
import { attacksByKey, describeAttacks, distinctAttacks, engineRecord } from "./run_config.ts";
import { checkFit, firstImages } from "./run_state.ts";
import { securityCurve } from "./security_curve.ts";
import type { Named, NamedData } from "./suite.ts";
import { asUsage } from "./usage_error.ts";

/** Plain data: a team's Workers get it by message. */
export interface EvaluateOptions {
  /** A weight file's bytes, ours or PyTorch's, and what to call it in messages. */
  readonly weights: Uint8Array;
  readonly source: string;
  /** What a PyTorch file does not tell. */
  readonly given?: GivenModel;
  readonly data: NamedData;
  /** "final" is the test or held-out images. */
  readonly split: "validation" | "final";
  /** The first so many images of the split; all where absent. */
  readonly limit?: number;
  readonly threat: ThreatModel;
  readonly attacks: readonly Named[];
  /** Radii at which the single attacks are run as well, with 0 for none. @default {[]} */
  readonly curve?: readonly number[];
  readonly batch: number;
  readonly seed: number;
  /** Folder of downloaded data sets. */
  readonly cache: string;
  /** Files that an earlier attempt left, the same list for every worker. @default {[]} */
  readonly known?: readonly string[];
  /** Whether outcomes are sent to be kept. @default {false} */
  readonly keeps?: boolean;
}

/** What the workers can tell of an evaluation; the record adds the machine and the program. */
export type EvaluationReport = Omit<EvaluationRecord, "schema" | "created" | "machine" | "tool">;

/** Where a worker's findings go. */
export type SaveChunk = (sweep: string, chunk: OutcomeChunk) => void;

/**
 * Clean accuracy and accuracy under each attack, by every worker of the engine's team at once.
 *
 * @throws {UsageError} When the weights, the data, an attack or the limit do not fit each other.
 */
export async function evaluateOn(
  engine: Engine,
  options: EvaluateOptions,
  observe: Observe,
  save: SaveChunk = () => {},
): Promise<EvaluationReport> {
  const { model, weights } = readWeights(options);
  const { threat, data, seed } = options;
  const attacks = asUsage("--attack and its options", () => distinctAttacks(threat, options.attacks));
  asUsage("--attack", () => checkClasses(attacks.values(), model.classes));
  asUsage("--curve-eps", () => checkRadii(options));
  const dataset = await load(options);
  asUsage("--data and the weight file", () => checkFit(model, dataset));
  await checkEvaluationFits(engine, { name: model.name, options: { ...model.options } }, options.batch);
  const split = asUsage("--limit", () => {
    return firstImages(dataset, options.split, options.limit ?? dataset[options.split].labels.length);
  });
  const parameters = toTensors(weights);
  try {
    const progress = new EvaluationProgress((what, done, total) => {
      observe({ kind: "evaluation", what: `${split.name}, ${what}`, done, total });
    });
    const view = attended(classifier(model, parameters, { kernels: engine.kernels, training: false }), progress.again);
    const known = await readChunks(options.known ?? []);
    const task: EvaluationTask = {
      split,
      shape: model.input,
      batch: options.batch,
      attacks,
      team: engine.team,
      outcomes: true,
      store: { known: (sweep) => known.get(sweep) ?? [], save },
      draw: (stream, ...indices) => random(seed, `evaluation/${stream}`, ...indices),
      onProgress: progress.tell,
      shouldStop: () => false,
    };
    const { clean, robust, warnings } = await evaluate(view, task).catch((error) => {
      throw error instanceof Diverged ? notFinite(options.source) : error;
    });
    const count = split.labels.length, flags = decodeOutcomes(clean.correctBits!, count);
    const curve = await curvesOf(options, attacks, { model: view, task, clean: flags, epsilons: options.curve ?? [] });
    return {
      weightsSha256: weightsSha256(weights),
      model: { name: model.name, options: { ...model.options } },
      data: { name: dataset.name, options: { ...data.options } },
      split: split.name,
      count,
      seed,
      threat,
      engine: engineRecord(engine),
      clean,
      robust,
      attacks: describeAttacks(attacks.values()),
      curve,
      warnings: [...warnings, ...checkCurve(curve, attacks), ...checkCount(count)],
    };
  } finally {
    tf.dispose([...parameters.values()]);
  }
}

/** The network in the file. @throws {UsageError} When it cannot be read. */
export function readWeights({ weights, source, given }: EvaluateOptions): WeightFile {
  return asUsage("the weight file", () => decodeAnyWeights(weights, source, given));
}

function notFinite(source: string): Error {
  return new Error(
    `Cannot evaluate ${JSON.stringify(source)}: its answers to clean images are not finite; ` +
      "its training diverged, or --model-option normalize does not fit",
  );
}

/** An ensemble leaves out what needs more classes; alone it cannot run. */
function checkClasses(attacks: Iterable<Attack>, classes: number): void {
  for (const { name, stages, leastClasses = 2 } of attacks) {
    if (stages && runnable(stages, classes).length === 0) {
      throw new RangeError(`Cannot run ${name} on ${classes} classes: none of its stages can`);
    }
    if (classes >= leastClasses) continue;
    throw new RangeError(`Cannot run ${name} on ${classes} classes: it needs at least ${leastClasses}`);
  }
}

/** Wrong radii are told before anything is attacked. */
function checkRadii({ attacks, threat, curve = [] }: EvaluateOptions): void {
  for (const epsilon of curve.filter((radius) => radius > 0)) attacksByKey({ ...threat, epsilon }, attacks);
}

async function load({ data, cache }: EvaluateOptions): Promise<Dataset> {
  const definition = asUsage("--data", () => {
    const found = findDataset(data.name);
    found.resolve(data.options);
    return found;
  });
  return await definition.load(data.options, { cache });
}

/** Curves of the single attacks; an ensemble's would cost as much again at each radius. */
async function curvesOf(
  { attacks: named, threat }: EvaluateOptions,
  attacks: ReadonlyMap<string, Attack>,
  curve: Parameters<typeof securityCurve>[0] & { readonly clean: Flags },
): Promise<CurvePoint[]> {
  const points: CurvePoint[] = [];
  if (curve.epsilons.length === 0) return points;
  for (const [index, [key, attack]] of [...attacks].entries()) {
    if (attack.stages) continue;
    const { name, options } = named[index]!;
    points.push(...await securityCurve(curve, key, (epsilon) => findAttack(name, { ...threat, epsilon }, options)));
  }
  return points;
}

async function readChunks(files: readonly string[]): Promise<Map<string, OutcomeChunk[]>> {
  const chunks = new Map<string, OutcomeChunk[]>();
  for (const file of files) {
    const { sweep, chunk } = decodeChunk(await Deno.readFile(file), file);
    chunks.set(sweep, [...chunks.get(sweep) ?? [], chunk]);
  }
  return chunks;
}

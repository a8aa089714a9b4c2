/** What an attack costs for each image that it cannot fool, beside the network passes that it is made of. Images are made up,
 *  labels are the network's own answers and ε is so small that nothing is fooled: every pass of every stage is made.
 *  @module */

import * as tf from "@tensorflow/tfjs";
import type { Attack, AttackBatch, Classifier } from "../attacks/attack.ts";
import { classifier } from "../attacks/classifier.ts";
import { judge } from "../attacks/judge.ts";
import { lossPerImage } from "../attacks/losses.ts";
import { predictions } from "../attacks/query.ts";
import { findAttack } from "../attacks/registry.ts";
import type { Engine } from "../backends/engine.ts";
import { findModel } from "../models/registry.ts";
import type { Weights } from "../models/model.ts";
import { toTensors } from "../models/weights.ts";
import { random } from "../random/random.ts";
import { spreadOf } from "../statistics/spread.ts";
import type { RunRecord } from "./result.ts";
import { engineRecord } from "./run_config.ts";
import type { Named } from "./suite.ts";
import { UsageError } from "./usage_error.ts";

export interface AttackCostOptions {
  readonly model: Named;
  readonly attack: Named;
  readonly norm: Attack["threat"]["norm"];
  /** Images attacked at once by each worker. */
  readonly batch: number;
}

/** One stage, or the whole attack where it is a single one. */
export interface StageCost {
  readonly label: string;
  /** For each image: passes forward and backward, and forward alone, as the attack counts them. */
  readonly gradients: number;
  readonly forwards: number;
  readonly secondsPerImage: number;
  /** What the passes alone take at the times measured beside the stage. */
  readonly passSecondsPerImage: number;
}

export interface AttackCostMeasurement {
  readonly model: string;
  readonly attack: string;
  readonly label: string;
  readonly epsilon: number;
  readonly batch: number;
  readonly engine: NonNullable<RunRecord["engine"]>;
  /** Medians of the passes measured before, between and after the stages, for one image in such a batch. */
  readonly gradientSecondsPerImage: number;
  readonly forwardSecondsPerImage: number;
  readonly stages: readonly StageCost[];
  readonly secondsPerImage: number;
  readonly passSecondsPerImage: number;
  /** secondsPerImage / passSecondsPerImage; 1.3 means that bookkeeping adds 30 %. */
  readonly ratio: number;
}

/** Too small to fool an image, large enough for float32. */
const EPSILON = 1e-6;

/** Passes of each kind that are timed before and after each stage. */
const TIMED_PASSES = 5;

/** @throws {UsageError} When a name or an option is wrong. @throws {Error} When an image is fooled all the same. */
export async function measureAttackCostOn(engine: Engine, options: AttackCostOptions): Promise<AttackCostMeasurement> {
  const { model, attack } = resolve(options);
  const parameters = toTensors(livelyWeights(model.initialize((name) => random(0, `cost/${name}`))));
  const view = classifier(model, parameters, { kernels: engine.kernels, training: false });
  const batch = await madeUpImages(view, model.input, options.batch);
  try {
    await timePasses(view, batch); // compiles and fetches memory
    const passes = [await timePasses(view, batch)];
    const stages: StageCost[] = [];
    for (const stage of attack.stages ?? [attack]) {
      const seconds = await timeStage(view, batch, stage);
      passes.push(await timePasses(view, batch));
      const { gradient, forward } = medianPasses(passes.slice(-2)), { passes: gradients, forwards } = stage;
      stages.push({
        label: stage.label,
        gradients,
        forwards,
        secondsPerImage: seconds / options.batch,
        passSecondsPerImage: (gradients * gradient + forwards * forward) / options.batch,
      });
    }
    const { gradient, forward } = medianPasses(passes);
    const total = (of: (stage: StageCost) => number) => stages.reduce((sum, stage) => sum + of(stage), 0);
    const secondsPerImage = total((stage) => stage.secondsPerImage);
    const passSecondsPerImage = total((stage) => stage.passSecondsPerImage);
    return {
      model: model.name,
      attack: attack.name,
      label: attack.label,
      epsilon: EPSILON,
      batch: options.batch,
      engine: engineRecord(engine),
      gradientSecondsPerImage: gradient / options.batch,
      forwardSecondsPerImage: forward / options.batch,
      stages,
      secondsPerImage,
      passSecondsPerImage,
      ratio: secondsPerImage / passSecondsPerImage,
    };
  } finally {
    tf.dispose([batch.x, batch.y, ...parameters.values()]);
  }
}

function resolve({ model, attack, norm }: AttackCostOptions) {
  try {
    return {
      model: findModel(model.name, "--model").create(model.options),
      attack: findAttack(attack.name, { norm, epsilon: EPSILON }, attack.options),
    };
  } catch (error) {
    throw UsageError.from(error, "--model, --attack and their options");
  }
}

/** Layers that start at zero would make every logit equal, and an attack's arithmetic trivial. */
function livelyWeights(weights: Weights): Weights {
  return new Map([...weights].map(([name, { shape, values }]) => {
    if (values.some((value) => value !== 0)) return [name, { shape, values }];
    const stream = random(0, `cost/lively/${name}`), bound = 1 / Math.sqrt(shape[0] ?? 1);
    return [name, { shape, values: values.map(() => stream.uniform(-bound, bound)) }];
  }));
}

async function madeUpImages(
  model: Classifier,
  shape: readonly [number, number, number],
  count: number,
): Promise<AttackBatch> {
  const pixels = shape[0] * shape[1] * shape[2], stream = random(0, "cost/images");
  const x = tf.tensor4d(Float32Array.from({ length: count * pixels }, () => stream.uniform()), [count, ...shape]);
  const logits = tf.tidy(() => model.logits(x));
  const y = tf.tensor1d(predictions(Float32Array.from(await logits.data()), model.classes), "int32");
  logits.dispose();
  return { x, y, ids: Uint32Array.from({ length: count }, (_, i) => i) };
}

/** Seconds of single passes over the whole batch. */
interface PassSeconds {
  readonly gradient: number[];
  readonly forward: number[];
}

async function timePasses(model: Classifier, { x, y }: AttackBatch): Promise<PassSeconds> {
  const loss = (input: tf.Tensor) => lossPerImage("cross-entropy", model, model.logits(input as tf.Tensor4D), y);
  const gradient: number[] = [], forward: number[] = [];
  for (let i = 0; i < TIMED_PASSES; i++) {
    gradient.push(await secondsOf(() => tf.grad(loss)(x)));
    forward.push(await secondsOf(() => model.logits(x)));
  }
  return { gradient, forward };
}

async function secondsOf(work: () => tf.Tensor): Promise<number> {
  const began = performance.now();
  const answer = tf.tidy(work);
  await answer.data();
  answer.dispose();
  return (performance.now() - began) / 1000;
}

function medianPasses(passes: readonly PassSeconds[]): { gradient: number; forward: number } {
  const median = (kind: keyof PassSeconds): number => spreadOf(passes.flatMap((some) => some[kind])).median;
  return { gradient: median("gradient"), forward: median("forward") };
}

async function timeStage(model: Classifier, batch: AttackBatch, stage: Attack): Promise<number> {
  const began = performance.now();
  const images = await stage.perturb(model, batch, (stream, ...indices) => random(0, `cost/${stream}`, ...indices));
  const seconds = (performance.now() - began) / 1000;
  try {
    const { correct } = await judge(model, images, batch.y);
    const fooled = correct.filter((one) => one === 0).length;
    if (fooled > 0) throw new Error(`Cannot measure ${stage.label}: it fooled ${fooled} images, which then cost less`);
    return seconds;
  } finally {
    images.dispose();
  }
}

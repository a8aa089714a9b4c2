/** yopo-step-mnist: YOPO-m-n optimizer steps from recorded starts, in each variant that the manifest lists. Tensors of
 *  a variant are named "paper/step1/…"; what no variant changes is named "step1/…" and checked in each. @module */

import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import { l2Norms } from "../attacks/projections.ts";
import type { Engine } from "../backends/engine.ts";
import { toTensors } from "../models/weights.ts";
import type { StepContext, TrainingMethod } from "../training/method.ts";
import { createOptimizer } from "../training/create_optimizer.ts";
import type { Optimizer } from "../training/optimizer.ts";
import { findMethod } from "../training/registry.ts";
import type { CaseInput, Computed, ParityCase, Replayed } from "./case.ts";
import { parseHyper } from "./manifest.ts";
import { fixtureName, smallCnn, smallCnnWeights } from "./small_cnn_weights.ts";
import { computed, images, labels } from "./tensors.ts";
import { FORWARD, GRADIENT, PARAMETER, type Tolerance, YOPO_PIXELS } from "./tolerances.ts";

const hyperSchema = z.looseObject({
  m: z.int().min(1),
  n: z.int().min(1),
  eps: z.number().positive(),
  /** α. */
  sigma: z.number().positive(),
  optimizer: z.looseObject({
    kind: z.literal("SGD"),
    lr: z.number().positive(),
    momentum: z.number().min(0),
    weightDecay: z.number().min(0),
  }),
});

/** Variants of the first layer's gradient that the method has. */
const VARIANTS = ["paper", "official", "official-torch1"];

async function* replay(input: CaseInput, engine: Engine): AsyncGenerator<Replayed, void, void> {
  const { m, n, eps, sigma, optimizer } = parseHyper(hyperSchema, input.manifest);
  const named = Object.keys(input.manifest.variants);
  for (const variant of named.filter((name) => VARIANTS.includes(name))) {
    const method = findMethod(`yopo-${m}-${n}`, { epsilon: eps, stepSize: sigma, variant });
    const { momentum, weightDecay, lr: learningRate } = optimizer;
    yield* replayVariant(input, engine, {
      variant,
      method,
      optimizer: createOptimizer(engine.kernels, { kind: "sgd", momentum, weightDecay }),
      learningRate,
    });
  }
  for (const variant of named.filter((name) => !VARIANTS.includes(name))) {
    const reason = "this program has no such variant of YOPO";
    yield { variant, tensors: (name) => name.startsWith(`${variant}/`), reason };
  }
  const reason = "another gradient of the clip at its bounds, which is not the paper's algorithm";
  yield { variant: "openClip", tensors: (name) => name.startsWith("openClip/"), reason };
}

interface Training {
  readonly variant: string;
  readonly method: TrainingMethod;
  readonly optimizer: Optimizer;
  readonly learningRate: number;
}

async function* replayVariant(
  input: CaseInput,
  engine: Engine,
  { variant, method, optimizer, learningRate }: Training,
): AsyncGenerator<Computed, void, void> {
  const model = smallCnn();
  const parameters = toTensors(smallCnnWeights(model, await input.weights()));
  try {
    for (let step = 1; input.has(`step${step}/x`); step++) {
      const { gradients, rounds } = takeStep(input, step, { engine, model, parameters, method });
      optimizer.update(parameters, gradients, learningRate);
      yield* quantities(rounds, `step${step}/`, variant);
      for (const [name, gradient] of gradients) {
        yield* bothNames(gradient, `step${step}/grad/${fixtureName(name)}`, variant, GRADIENT);
        const parameter = parameters.get(name)!.clone();
        yield* bothNames(parameter, `step${step}/params/${fixtureName(name)}`, variant, PARAMETER);
      }
    }
  } finally {
    optimizer.dispose();
    tf.dispose([...parameters.values()]);
  }
}

/** Traced quantities by name, one tensor a round. */
type Rounds = ReadonlyMap<string, readonly tf.Tensor[]>;

/** One step's mean gradients, and what each round traced, as means over the batch too. */
function takeStep(
  input: CaseInput,
  step: number,
  { method, ...context }: Pick<StepContext, "engine" | "model" | "parameters"> & { method: TrainingMethod },
): { gradients: Map<string, tf.Tensor>; rounds: Rounds } {
  const x = images(input.input(`step${step}/x`)), y = labels(input.input(`step${step}/y`));
  const recordedStart = images(input.input(`step${step}/eta0`));
  const count = x.shape[0];
  const rounds = new Map<string, tf.Tensor[]>();
  const results = [...method.step({
    ...context,
    seed: 0,
    position: { epoch: 0, step: step - 1 },
    state: new Map(),
    recordedStart,
    trace(quantity, _round, value) {
      const copy = tf.keep(quantity === "eta" ? value.clone() : tf.div(value, count));
      rounds.set(quantity, [...rounds.get(quantity) ?? [], copy]);
    },
  }, { x, y, ids: Uint32Array.from({ length: count }, (_, i) => i), batchCount: count, first: 0 })];
  tf.dispose([x, y, recordedStart]);
  const [result] = results;
  if (result === undefined || results.length > 1) throw new Error(`${method.name} took ${results.length} steps, not 1`);
  const gradients = new Map([...result.gradients].map(([name, sum]) => [name, tf.div(sum, result.count)]));
  tf.dispose([result.lossSum, ...result.gradients.values()]);
  return { gradients, rounds };
}

/** What is recorded round by round. Releases the rounds. */
async function* quantities(rounds: Rounds, prefix: string, variant: string): AsyncGenerator<Computed, void, void> {
  const etas = rounds.get("eta") ?? [], losses = rounds.get("lossSum") ?? [], costates = rounds.get("p") ?? [];
  yield* bothNames(tf.stack([...etas]), `${prefix}eta`, variant, YOPO_PIXELS);
  yield* bothNames(etas.at(-1)!.clone(), `${prefix}etaLast`, variant, YOPO_PIXELS);
  yield* bothNames(tf.stack([...losses]), `${prefix}loss`, variant, FORWARD);
  const norms = tf.tidy(() => tf.stack(costates.map((p) => tf.reshape(l2Norms(p as tf.Tensor4D), [-1]))));
  yield* bothNames(norms, `${prefix}pNorm`, variant, GRADIENT);
  for (const [quantity, shares] of rounds) {
    if (!quantity.startsWith("gradient/")) continue;
    const name = fixtureName(quantity.slice("gradient/".length));
    yield* bothNames(runningSums(shares), `${prefix}gradTrace/${name}`, variant, GRADIENT);
  }
  tf.dispose([...rounds.values()].flat());
}

/** `[round, ...]`: sums up to each round. */
function runningSums(shares: readonly tf.Tensor[]): tf.Tensor {
  return tf.tidy(() => {
    const sums: tf.Tensor[] = [];
    for (const share of shares) sums.push(sums.length === 0 ? share : tf.add(sums.at(-1)!, share));
    return tf.stack(sums);
  });
}

/** The quantity under the name that all variants share and under the variant's own. Releases the tensor. */
async function* bothNames(
  value: tf.Tensor,
  tensor: string,
  variant: string,
  tolerance: Tolerance,
): AsyncGenerator<Computed, void, void> {
  const quantity = await computed(value, { variant, tensor, tolerance });
  yield quantity;
  yield { ...quantity, tensor: `${variant}/${tensor}` };
}

/** YOPO's optimizer steps on the small CNN. */
export const yopoStepMnist: ParityCase = { kind: "yopo-step-mnist", replay };

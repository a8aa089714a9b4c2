/** yopo-step-mnist and yopo-step-cifar-tiny: YOPO-m-n optimizer steps from recorded starts, in each variant that the manifest
 *  lists. Tensors of a variant are named "paper/step1/…"; what no variant changes is named "step1/…" and checked in each.
 *  @module */

import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import { l2Norms } from "../attacks/projections.ts";
import type { Engine } from "../backends/engine.ts";
import type { Model } from "../models/model.ts";
import { toTensors } from "../models/weights.ts";
import { findMethod } from "../training/registry.ts";
import type { CaseInput, Computed, ParityCase, Replayed } from "./case.ts";
import { fixtureName, smallCnn, startWeights, tinyBn } from "./fixture_weights.ts";
import { parseHyper } from "./manifest.ts";
import {
  beginTraining,
  endTraining,
  optimizerSchema,
  takeSteps,
  type Traced,
  type Training,
} from "./recorded_steps.ts";
import { computed, images, labels } from "./tensors.ts";
import { FORWARD, GRADIENT, PARAMETER, type Tolerance, YOPO_PIXELS } from "./tolerances.ts";

const hyperSchema = z.looseObject({
  m: z.int().min(1),
  n: z.int().min(1),
  eps: z.number().positive(),
  /** α. */
  sigma: z.number().positive(),
  optimizer: optimizerSchema,
});

/** The manifests' names of our variants of the first layer's gradient. */
const VARIANTS: Readonly<Record<string, string>> = {
  "paper": "paper",
  "official": "official",
  "official-torch1": "official-torch1",
  "official-wrn34": "official",
  "official-preact18": "official-torch1",
};

async function* replay(input: CaseInput, engine: Engine, model: Model): AsyncGenerator<Replayed, void, void> {
  const { m, n, eps, sigma, optimizer } = parseHyper(hyperSchema, input.manifest);
  for (const variant of Object.keys(input.manifest.variants)) {
    const ours = Object.hasOwn(VARIANTS, variant) ? VARIANTS[variant] : undefined;
    if (ours === undefined) {
      const reason = "this program has no such variant of YOPO";
      yield { variant, tensors: (name) => name.startsWith(`${variant}/`), reason };
      continue;
    }
    const method = findMethod(`yopo-${m}-${n}`, { epsilon: eps, stepSize: sigma, variant: ours });
    const parameters = toTensors(await startWeights(model, input));
    const training = beginTraining({ engine, model, method, parameters }, optimizer);
    try {
      yield* replayVariant(input, training, variant);
    } finally {
      endTraining(training);
    }
  }
  const reason = "another gradient of the clip at its bounds, which is not the paper's algorithm";
  yield { variant: "openClip", tensors: (name) => name.startsWith("openClip/"), reason };
}

async function* replayVariant(
  input: CaseInput,
  training: Training,
  variant: string,
): AsyncGenerator<Computed, void, void> {
  const { model, parameters } = training;
  for (let step = 1; input.has(`step${step}/x`); step++) {
    const prefix = `step${step}/`;
    const x = images(input.input(`${prefix}x`)), y = labels(input.input(`${prefix}y`));
    const batch = { x, y, start: images(input.input(`${prefix}eta0`)) };
    const count = x.shape[0];
    for (const { gradients, traced } of takeSteps(training, batch)) {
      yield* quantities(traced, { prefix, variant, count });
      for (const [name, gradient] of gradients) {
        yield* bothNames(gradient.clone(), `${prefix}grad/${fixtureName(name)}`, variant, GRADIENT);
        const parameter = parameters.get(name)!.clone();
        yield* bothNames(parameter, `${prefix}params/${fixtureName(name)}`, variant, PARAMETER);
      }
      for (const { name } of model.buffers) {
        const buffer = parameters.get(name)!.clone();
        yield* bothNames(buffer, `${prefix}buffers/${fixtureName(name)}`, variant, PARAMETER);
      }
    }
  }
}

/** What is recorded round by round; sums over the batch become means. */
async function* quantities(
  traced: Traced,
  { prefix, variant, count }: { prefix: string; variant: string; count: number },
): AsyncGenerator<Computed, void, void> {
  const rounds = (quantity: string): tf.Tensor[] => [...traced.get(quantity) ?? []];
  const mean = (sums: tf.Tensor): tf.Tensor => tf.tidy(() => tf.div(sums, count));
  yield* bothNames(tf.stack(rounds("eta")), `${prefix}eta`, variant, YOPO_PIXELS);
  yield* bothNames(rounds("eta").at(-1)!.clone(), `${prefix}etaLast`, variant, YOPO_PIXELS);
  yield* bothNames(tf.tidy(() => mean(tf.stack(rounds("lossSum")))), `${prefix}loss`, variant, FORWARD);
  yield* bothNames(tf.stack(rounds("logits")), `${prefix}logits`, variant, FORWARD);
  const norms = tf.tidy(() => mean(tf.stack(rounds("p").map((p) => tf.reshape(l2Norms(p as tf.Tensor4D), [-1])))));
  yield* bothNames(norms, `${prefix}pNorm`, variant, GRADIENT);
  for (const [quantity, shares] of traced) {
    if (!quantity.startsWith("gradient/")) continue;
    const name = fixtureName(quantity.slice("gradient/".length));
    yield* bothNames(tf.tidy(() => mean(runningSums(shares))), `${prefix}gradTrace/${name}`, variant, GRADIENT);
  }
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

/** On the small CNN, whose first layer is convolution and ReLU. */
export const yopoStepMnist: ParityCase = {
  kind: "yopo-step-mnist",
  replay: (input, engine) => replay(input, engine, smallCnn()),
};

/** On the tiny batch-normalised net, whose first layer is linear. */
export const yopoStepCifarTiny: ParityCase = {
  kind: "yopo-step-cifar-tiny",
  replay: (input, engine) => replay(input, engine, tinyBn()),
};

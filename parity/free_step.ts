/** free-step: m replays on each of consecutive batches, in both variants, on the tiny batch-normalised net. Tensors are named
 *  "original/…" and "fast/…". @module */

import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import type { Engine } from "../backends/engine.ts";
import { toTensors } from "../models/weights.ts";
import { findMethod } from "../training/registry.ts";
import type { CaseInput, Computed, ParityCase, Replayed } from "./case.ts";
import { fixtureName, startWeights, tinyBn } from "./fixture_weights.ts";
import { parseHyper } from "./manifest.ts";
import { beginTraining, endTraining, optimizerSchema, takeSteps, type Training } from "./recorded_steps.ts";
import { computed, images, labels } from "./tensors.ts";
import { FORWARD, GRADIENT, PARAMETER, type Tolerance, YOPO_PIXELS } from "./tolerances.ts";

const hyperSchema = z.looseObject({
  m: z.int().min(1),
  eps: z.number().positive(),
  optimizer: optimizerSchema,
});

async function* replay(input: CaseInput, engine: Engine): AsyncGenerator<Replayed, void, void> {
  const { m, eps, optimizer } = parseHyper(hyperSchema, input.manifest);
  const model = tinyBn();
  for (const variant of ["original", "fast"]) {
    const method = findMethod(`free-${m}`, { epsilon: eps, variant });
    const parameters = toTensors(await startWeights(model, input));
    const training = beginTraining({ engine, model, method, parameters }, optimizer);
    try {
      yield* replayBatches(input, training, variant);
    } finally {
      endTraining(training);
    }
  }
}

async function* replayBatches(
  input: CaseInput,
  training: Training,
  variant: string,
): AsyncGenerator<Computed, void, void> {
  const losses: tf.Tensor[] = [], deltas: tf.Tensor[] = [];
  const of = (tensor: string, tolerance: Tolerance) => ({ variant, tensor: `${variant}/${tensor}`, tolerance });
  let replayed = 0;
  for (let batch = 1; input.has(`batch${batch}/x`); batch++) {
    const x = images(input.input(`batch${batch}/x`)), y = labels(input.input(`batch${batch}/y`));
    for (const { gradients, loss, traced } of takeSteps(training, { x, y, start: null })) {
      replayed += 1;
      losses.push(loss.clone());
      if (replayed === 1) deltas.push(traced.get("delta")![0]!.clone());
      for (const [name, gradient] of gradients) {
        yield await computed(gradient.clone(), of(`replay${replayed}/grad/${fixtureName(name)}`, GRADIENT));
      }
    }
    deltas.push(training.state.get("delta")!.clone());
    yield* weightsAfter(training, (name) => of(`batch${batch}/${name}`, PARAMETER));
  }
  yield await computed(stackAll(losses), of("loss", FORWARD));
  yield await computed(stackAll(deltas), of("delta", YOPO_PIXELS));
}

/** Parameters and running statistics as they stand. */
async function* weightsAfter(
  { model, parameters }: Training,
  of: (name: string) => Pick<Computed, "variant" | "tensor" | "tolerance">,
): AsyncGenerator<Computed, void, void> {
  for (const [name, value] of parameters) {
    const folder = model.buffers.some((buffer) => buffer.name === name) ? "buffers" : "params";
    yield await computed(value.clone(), of(`${folder}/${fixtureName(name)}`));
  }
}

/** `[one of each, ...]`; releases them. */
function stackAll(values: tf.Tensor[]): tf.Tensor {
  const stacked = tf.stack(values);
  tf.dispose(values);
  return stacked;
}

/** Free adversarial training. */
export const freeStep: ParityCase = { kind: "free-step", replay };

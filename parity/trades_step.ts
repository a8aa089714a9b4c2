/** trades-step: TRADES's attack from a recorded start, then its loss and gradients at the recorded adversarial images, on the
 *  small CNN. Both are the method's own; they are checked apart because the first attack step is where the divergence has
 *  just left 0: its gradient keeps 3 to 4 digits, a pixel or two of a thousand get another sign than in PyTorch, and the image
 *  ends elsewhere. @module */

import * as tf from "@tensorflow/tfjs";
import { atBeginning, wholeBatch } from "../training/outside_run.ts";
import { z } from "zod";
import type { Engine } from "../backends/engine.ts";
import { toTensors } from "../models/weights.ts";
import type { Examples } from "../training/gradients.ts";
import { findMethod } from "../training/registry.ts";
import { newTally } from "../training/single_step.ts";
import { tradesGradients } from "../training/trades_loss.ts";
import type { CaseInput, ParityCase, Replayed } from "./case.ts";
import { fixtureName, smallCnn, startWeights } from "./fixture_weights.ts";
import { parseHyper } from "./manifest.ts";
import { beginTraining, endTraining, type TakenStep, takeSteps, type Training } from "./recorded_steps.ts";
import { computed, images, labels } from "./tensors.ts";
import { FORWARD, GRADIENT, TRADES_IMAGES } from "./tolerances.ts";

const hyperSchema = z.looseObject({
  beta: z.number().min(0),
  eps: z.number().positive(),
  /** α. */
  step: z.number().positive(),
  steps: z.int().min(1),
});

async function* replay(input: CaseInput, engine: Engine): AsyncGenerator<Replayed, void, void> {
  const { beta, eps, step, steps } = parseHyper(hyperSchema, input.manifest);
  const method = findMethod(`trades-${steps}`, { epsilon: eps, stepSize: step, beta });
  const model = smallCnn();
  const parameters = toTensors(await startWeights(model, input));
  const training = beginTraining({ engine, model, method, parameters }, null);
  const x = images(input.input("x")), y = labels(input.input("y")), start = images(input.input("noise"));
  const recorded = images(input.input("adv"));
  const count = x.shape[0];
  try {
    for (const taken of takeSteps(training, { x: x.clone(), y: y.clone(), start })) {
      const adversarial = taken.traced.get("adversarial")![0]!.clone();
      yield await computed(adversarial, { variant: "-", tensor: "adv", tolerance: TRADES_IMAGES });
    }
    const taken = atRecordedImages(training, { x, y, adversarial: recorded, beta });
    yield await computed(lossParts(taken, count), { variant: "-", tensor: "loss", tolerance: FORWARD });
    for (const [name, gradient] of taken.gradients) {
      const tensor = `grad/${fixtureName(name)}`;
      yield await computed(gradient.clone(), { variant: "-", tensor, tolerance: GRADIENT });
    }
    tf.dispose([taken.loss, ...taken.gradients.values(), ...[...taken.traced.values()].flat()]);
  } finally {
    tf.dispose([x, y, recorded]);
    endTraining(training);
  }
}

interface RecordedImages extends Examples {
  readonly adversarial: tf.Tensor4D;
  readonly beta: number;
}

/** The method's loss and gradients at adversarial images that are given. */
function atRecordedImages(training: Training, { x, y, adversarial, beta }: RecordedImages): TakenStep {
  const count = x.shape[0];
  const traced = new Map<string, tf.Tensor[]>();
  const context = {
    ...atBeginning(training),
    trace: (quantity: string, _round: number, value: tf.Tensor) => {
      traced.set(quantity, [tf.keep(value.clone())]);
    },
  };
  const { lossSum, gradients } = tradesGradients(context, wholeBatch({ x, y }), { adversarial, beta }, newTally());
  const mean = <T extends tf.Tensor>(sum: T): T => {
    const result = tf.div<T>(sum, count);
    sum.dispose();
    return result;
  };
  return {
    loss: mean(lossSum),
    gradients: new Map([...gradients].map(([name, sum]) => [name, mean(sum)])),
    traced,
  };
}

/** `[total, clean cross-entropy, KL]` of a TRADES step, means over the batch. */
export function lossParts({ loss, traced }: TakenStep, count: number): tf.Tensor {
  return tf.tidy(() => {
    const [crossEntropy, kl] = ["crossEntropySum", "klSum"].map((sum) => tf.div(traced.get(sum)![0]!, count));
    return tf.stack([loss, crossEntropy!, kl!]);
  });
}

/** One step of TRADES. */
export const tradesStep: ParityCase = { kind: "trades-step", replay };

/** trades-yopo-step: one TRADES-YOPO-m-n optimizer step from a recorded start, on the tiny batch-normalised net. @module */

import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import { l2Norms } from "../attacks/projections.ts";
import type { Engine } from "../backends/engine.ts";
import { toTensors } from "../models/weights.ts";
import { findMethod } from "../training/registry.ts";
import type { CaseInput, Computed, ParityCase, Replayed } from "./case.ts";
import { fixtureName, startWeights, tinyBn } from "./fixture_weights.ts";
import { parseHyper } from "./manifest.ts";
import { beginTraining, endTraining, optimizerSchema, takeSteps, type Traced } from "./recorded_steps.ts";
import { computed, images, labels } from "./tensors.ts";
import {
  TRADES_YOPO_GRADIENT,
  TRADES_YOPO_KL,
  TRADES_YOPO_PARAMETER,
  TRADES_YOPO_PIXELS,
  TRADES_YOPO_STATISTICS,
} from "./tolerances.ts";
import { lossParts } from "./trades_step.ts";

const hyperSchema = z.looseObject({
  m: z.int().min(1),
  n: z.int().min(1),
  eps: z.number().positive(),
  /** α. */
  sigma: z.number().positive(),
  beta: z.number().min(0),
  optimizer: optimizerSchema,
});

async function* replay(input: CaseInput, engine: Engine): AsyncGenerator<Replayed, void, void> {
  const { m, n, eps, sigma, beta, optimizer } = parseHyper(hyperSchema, input.manifest);
  const method = findMethod(`trades-yopo-${m}-${n}`, { epsilon: eps, stepSize: sigma, beta });
  const model = tinyBn();
  const parameters = toTensors(await startWeights(model, input));
  const training = beginTraining({ engine, model, method, parameters }, optimizer);
  const x = images(input.input("x")), y = labels(input.input("y")), start = images(input.input("eta0"));
  const count = x.shape[0];
  try {
    for (const taken of takeSteps(training, { x, y, start })) {
      yield* attackQuantities(taken.traced);
      yield await computed(lossParts(taken, count), { variant: "-", tensor: "loss", tolerance: TRADES_YOPO_KL });
      for (const [name, gradient] of taken.gradients) {
        const tensor = fixtureName(name), parameter = parameters.get(name)!;
        yield await computed(gradient.clone(), about(`grad/${tensor}`, TRADES_YOPO_GRADIENT));
        yield await computed(parameter.clone(), about(`after/params/${tensor}`, TRADES_YOPO_PARAMETER));
      }
      for (const { name } of model.buffers) {
        const tensor = `after/buffers/${fixtureName(name)}`;
        yield await computed(parameters.get(name)!.clone(), about(tensor, TRADES_YOPO_STATISTICS));
      }
    }
  } finally {
    endTraining(training);
  }
  const reason = "another gradient of the clip at its bounds, which is not the paper's algorithm";
  yield { variant: "openClip", tensors: (name) => name.startsWith("openClip/"), reason };
}

function about(tensor: string, tolerance: Computed["tolerance"]): Pick<Computed, "variant" | "tensor" | "tolerance"> {
  return { variant: "-", tensor, tolerance };
}

/** What each round of the attack gave; the divergence and p are those of the summed loss. */
async function* attackQuantities(traced: Traced): AsyncGenerator<Computed, void, void> {
  const rounds = (quantity: string): tf.Tensor[] => [...traced.get(quantity)!];
  yield await computed(tf.stack(rounds("eta")), about("eta", TRADES_YOPO_PIXELS));
  yield await computed(tf.stack(rounds("klAtPass")), about("innerKl", TRADES_YOPO_KL));
  const norms = tf.tidy(() => tf.stack(rounds("p").map((p) => tf.reshape(l2Norms(p as tf.Tensor4D), [-1]))));
  yield await computed(norms, about("pNorm", TRADES_YOPO_GRADIENT));
}

/** One step of TRADES-YOPO. */
export const tradesYopoStep: ParityCase = { kind: "trades-yopo-step", replay };

/** smallcnn-forward: logits, losses, every gradient, h and p, in evaluation mode. The tensors without prefix are those of
 *  x; a prefix such as "clean/" belongs to an input of its own. @module */

import * as tf from "@tensorflow/tfjs";
import { l2Norms } from "../attacks/projections.ts";
import type { Engine } from "../backends/engine.ts";
import type { Model, Parameters } from "../models/model.ts";
import { toTensors } from "../models/weights.ts";
import type { CaseInput, ParityCase, Replayed } from "./case.ts";
import { fixtureName, fixtureWeights, smallCnn } from "./fixture_weights.ts";
import { computed, images, labels } from "./tensors.ts";
import { FORWARD, GRADIENT } from "./tolerances.ts";

async function* replay(input: CaseInput, engine: Engine): AsyncGenerator<Replayed, void, void> {
  const model = smallCnn();
  const parameters = toTensors(fixtureWeights(model, await input.weights()));
  const y = labels(input.input("y"));
  try {
    for (const { name } of input.manifest.tensors) {
      const prefix = /^(.+\/)?x$/.exec(name)?.[0].slice(0, -1);
      if (prefix === undefined) continue;
      const x = images(input.input(name));
      for (const [tensor, value] of Object.entries(quantities(model, parameters, { x, y, engine }))) {
        const tolerance = FORWARD_QUANTITIES.includes(tensor) ? FORWARD : GRADIENT;
        yield await computed(value, { variant: "-", tensor: prefix + tensor, tolerance });
      }
      x.dispose();
    }
  } finally {
    tf.dispose([y, ...parameters.values()]);
  }
}

const FORWARD_QUANTITIES = ["logits", "loss", "lossPerImage", "h"];

/** All quantities by name; the caller disposes them. */
function quantities(
  model: Model,
  parameters: Parameters,
  { x, y, engine: { kernels } }: { x: tf.Tensor4D; y: tf.Tensor1D; engine: Engine },
): Record<string, tf.Tensor> {
  const context = { kernels, training: false };
  const meanLoss = (logits: tf.Tensor2D) => tf.mean<tf.Scalar>(kernels.crossEntropy(logits, y));
  return tf.tidy(() => {
    const h = model.firstLayer(parameters, x, context);
    const logits = model.rest(parameters, h, context);
    const p = tf.grad((at) => meanLoss(model.rest(parameters, at as tf.Tensor4D, context)))(h) as tf.Tensor4D;
    const [gradX, ...gradients] = tf.grads(() =>
      meanLoss(model.rest(parameters, model.firstLayer(parameters, x, context), context))
    )([x, ...parameters.values()]);
    return {
      ...Object.fromEntries([...parameters.keys()].map((name, i) => [`grad/${fixtureName(name)}`, gradients[i]!])),
      gradX: gradX!,
      h,
      logits,
      loss: meanLoss(logits),
      lossPerImage: kernels.crossEntropy(logits, y),
      p,
      pNorm: tf.reshape(l2Norms(p), [-1]),
    };
  });
}

/** One forward and backward pass. */
export const smallcnnForward: ParityCase = { kind: "smallcnn-forward", replay };

/** autoattack-pieces: the losses of AutoAttack with their gradients in the logits, Auto-PGD, FAB-T and Square, each from what
 *  the manifest records. @module */

import * as tf from "@tensorflow/tfjs";
import { crossEntropyOf } from "../attacks/apgd.ts";
import { dlrTargetedOf } from "../attacks/apgd_targeted.ts";
import { classifier } from "../attacks/classifier.ts";
import { dlr } from "../attacks/losses.ts";
import { type LogitsLoss, predictions, queryOf } from "../attacks/query.ts";
import type { Engine } from "../backends/engine.ts";
import { toTensors } from "../models/weights.ts";
import { apgdQuantities } from "./autoattack_apgd.ts";
import { fabQuantities } from "./autoattack_fab.ts";
import { squareQuantities } from "./autoattack_square.ts";
import type { CaseInput, Computed, ParityCase, Replayed } from "./case.ts";
import { fixtureWeights, smallCnn } from "./fixture_weights.ts";
import { computed, floats } from "./tensors.ts";
import { correctImages, FORWARD, GRADIENT } from "./tolerances.ts";

async function* replay(input: CaseInput, engine: Engine): AsyncGenerator<Replayed, void, void> {
  yield* lossQuantities(input, engine);
  const network = smallCnn();
  const parameters = toTensors(fixtureWeights(network, await input.weights()));
  try {
    const model = classifier(network, parameters, { kernels: engine.kernels, training: false });
    const query = queryOf(model, network.input);
    const x = Float32Array.from(input.input("x").values, Number);
    const labels = Int32Array.from(input.input("y").values, Number);
    const logits = await query.logits(x), variant = "-", shape = [labels.length];
    yield { variant, tensor: "logits", shape: [...shape, query.classes], values: logits, tolerance: FORWARD };
    const correct = predictions(logits, query.classes).map((answer, row) => answer === labels[row] ? 1 : 0);
    yield { variant, tensor: "correct", shape, values: correct, tolerance: correctImages(labels.length) };
    const setting = { query, x, labels };
    yield* apgdQuantities(input, setting);
    yield* fabQuantities(input, setting);
    yield* squareQuantities(input, setting);
  } finally {
    tf.dispose([...parameters.values()]);
  }
}

/** The losses on given logits. */
async function* lossQuantities(input: CaseInput, { kernels }: Engine): AsyncGenerator<Computed, void, void> {
  if (!input.has("losses/logits")) return;
  const stored = input.input("losses/logits"), classes = stored.shape[1]!;
  const [labels, targets] = ["losses/y", "losses/target"].map((name) => {
    return Int32Array.from(input.input(name).values, Number);
  }) as [Int32Array, Int32Array];
  const losses: Readonly<Record<string, LogitsLoss>> = {
    ce: crossEntropyOf(labels, { kernels }),
    dlr: (logits) => dlr(logits, tf.tensor1d(labels, "int32"), classes),
    dlrTargeted: dlrTargetedOf(labels, targets, classes),
    ceTargeted: (logits) => tf.neg(crossEntropyOf(targets, { kernels })(logits)),
  };
  for (const [name, loss] of Object.entries(losses)) {
    const { value, grad } = tf.tidy(() => {
      return tf.valueAndGrad((logits) => loss(logits as tf.Tensor2D))(floats(stored));
    });
    yield await computed(value, { variant: "-", tensor: `losses/${name}`, tolerance: FORWARD });
    yield await computed(grad, { variant: "-", tensor: `losses/${name}Grad`, tolerance: GRADIENT });
  }
}

/** Pieces of AutoAttack. */
export const autoattackPieces: ParityCase = { kind: "autoattack-pieces", replay };

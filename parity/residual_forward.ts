/** preact18-forward and wrn34-forward: one forward and backward pass in evaluation ("eval/…") and training mode ("train/…"),
 *  each from the weights and running statistics of the manifest's formula; and the running statistics that the training-mode
 *  pass leaves. Where those were recorded as they were before the pass, there is nothing to compare with. @module */

import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import { l2Norms } from "../attacks/projections.ts";
import type { Engine } from "../backends/engine.ts";
import { isFirst } from "../models/layers.ts";
import type { BatchStatistics, ForwardContext, Model } from "../models/model.ts";
import { findModel } from "../models/registry.ts";
import { parameterCount } from "../models/weights.ts";
import { applyStatistics } from "../training/running_statistics.ts";
import type { CaseInput, Computed, ParityCase, Replayed } from "./case.ts";
import { fixtureName } from "./fixture_weights.ts";
import { formulaWeights } from "./formula_weights.ts";
import { parseManifest } from "./manifest.ts";
import { computed, images, labels } from "./tensors.ts";
import { DEEP_GRADIENT, FORWARD, PARAMETER } from "./tolerances.ts";

const orderSchema = z.looseObject({ gradOrder: z.array(z.string()) });

interface Network {
  readonly engine: Engine;
  readonly model: Model;
  readonly parameters: Map<string, tf.Tensor>;
  readonly x: tf.Tensor4D;
  readonly y: tf.Tensor1D;
}

async function* replay(input: CaseInput, engine: Engine, model: Model): AsyncGenerator<Replayed, void, void> {
  const { manifest } = input;
  const { gradOrder } = parseManifest(orderSchema, manifest);
  if (manifest.parameters !== undefined) {
    const expected = manifest.parameters;
    yield { variant: "-", quantity: "parameters", actual: parameterCount(model), expected };
  }
  const parameters = formulaWeights(model, manifest);
  const x = images(input.input("x")), y = labels(input.input("y"));
  try {
    for (const mode of ["eval", "train"]) {
      if (!manifest.tensors.some(({ name }) => name.startsWith(`${mode}/`))) continue;
      const network = { engine, model, parameters, x, y };
      yield* mode === "train"
        ? trainingPass(input, network, gradOrder)
        : quantities(network, mode, { gradOrder, statistics: [] });
    }
  } finally {
    tf.dispose([x, y, ...parameters.values()]);
  }
}

const FORWARD_QUANTITIES = ["logits", "loss"];

async function* quantities(
  network: Network,
  mode: string,
  { gradOrder, statistics }: { gradOrder: readonly string[]; statistics: BatchStatistics[] },
): AsyncGenerator<Computed, void, void> {
  const context = {
    kernels: network.engine.kernels,
    training: mode === "train",
    statistics: (seen: BatchStatistics) => void statistics.push(seen),
  };
  const { gradients, ...tensors } = fullPass(network, context);
  for (const [quantity, value] of Object.entries(tensors)) {
    const tolerance = FORWARD_QUANTITIES.includes(quantity) ? FORWARD : DEEP_GRADIENT;
    yield await computed(value, { variant: mode, tensor: `${mode}/${quantity}`, tolerance });
  }
  const about = (tensor: string) => ({ variant: mode, tensor: `${mode}/${tensor}`, tolerance: DEEP_GRADIENT });
  yield { ...about("gradNorms"), shape: [gradOrder.length], values: await l2NormsOf(gradients, gradOrder) };
  yield await computed(gradients.get("conv1/kernel")!.clone(), about("gradConv1"));
  yield await computed(gradients.get("fc/kernel")!.clone(), about("gradFc"));
  tf.dispose([...gradients.values()]);
}

/** The training-mode quantities, and the running statistics after the pass. */
async function* trainingPass(
  input: CaseInput,
  network: Network,
  gradOrder: readonly string[],
): AsyncGenerator<Replayed, void, void> {
  const variant = "train", statistics: BatchStatistics[] = [];
  yield* quantities(network, variant, { gradOrder, statistics });
  const { model, parameters, x } = network, batchCount = x.shape[0];
  const recorded = model.buffers
    .map(({ name }) => ({ name, tensor: `${variant}/after/${fixtureName(name)}` }))
    .filter(({ tensor }) => input.has(tensor));
  const unmoved = new Set<string>();
  for (const { name, tensor } of recorded) {
    const before = await parameters.get(name)!.data();
    if (Array.from(input.input(tensor).values, Number).every((value, i) => value === before[i])) unmoved.add(tensor);
  }
  applyStatistics(parameters, { statistics }, { ids: new Uint32Array(batchCount), batchCount });
  for (const { name, tensor } of recorded.filter((entry) => !unmoved.has(entry.tensor))) {
    yield await computed(parameters.get(name)!.clone(), { variant, tensor, tolerance: PARAMETER });
  }
  const reason = "recorded as it was before the pass, to the last bit";
  if (unmoved.size > 0) yield { variant, tensors: (name) => unmoved.has(name), reason };
}

/** Norms in the given order, summed in float64: in float32 the squares of millions of entries lose digits. */
async function l2NormsOf(gradients: ReadonlyMap<string, tf.Tensor>, order: readonly string[]): Promise<number[]> {
  const norms: number[] = [];
  for (const name of order) {
    const gradient = gradients.get(name);
    if (gradient === undefined) throw new TypeError(`Cannot replay gradOrder: the model has no parameter "${name}"`);
    let squares = 0;
    for (const value of await gradient.data<"float32">()) squares += value * value;
    norms.push(Math.sqrt(squares));
  }
  return norms;
}

interface FullPass {
  readonly logits: tf.Tensor;
  readonly loss: tf.Tensor;
  readonly gradX: tf.Tensor;
  readonly p: tf.Tensor;
  readonly pNorm: tf.Tensor;
  /** Of the parameters, by the fixtures' names. */
  readonly gradients: ReadonlyMap<string, tf.Tensor>;
}

/** One forward and one backward pass; the caller disposes what it gives. */
function fullPass({ model, parameters, x, y }: Network, context: ForwardContext): FullPass {
  const { kernels } = context;
  const [first, rest] = [isFirst, (name: string) => !isFirst(name)].map((which) => {
    return model.parameters.map(({ name }) => name).filter(which);
  }) as [string[], string[]];
  const gradients = new Map<string, tf.Tensor>();
  const quantities = tf.tidy(() => {
    const h = model.firstLayer(parameters, x, context);
    let logits: tf.Tensor2D;
    const { value: loss, grads: [p, ...ofRest] } = tf.valueAndGrads(() => {
      logits = tf.keep(model.rest(parameters, h, context));
      return tf.mean<tf.Scalar>(kernels.crossEntropy(logits, y));
    })([h, ...rest.map((name) => parameters.get(name)!)]);
    const [gradX, ...ofFirst] = tf.grads(() => model.firstLayer(parameters, x, context))(
      [x, ...first.map((name) => parameters.get(name)!)],
      p!,
    );
    const all = [...ofFirst, ...ofRest];
    [...first, ...rest].forEach((name, i) => gradients.set(fixtureName(name), tf.keep(all[i]!)));
    const pNorm = tf.reshape(l2Norms(p as tf.Tensor4D), [-1]);
    return { logits: logits!, loss, gradX: gradX!, p: p!, pNorm };
  });
  return { ...quantities, gradients };
}

/** PreActResNet-18. */
export const preact18Forward: ParityCase = {
  kind: "preact18-forward",
  replay: (input, engine) => replay(input, engine, findModel("preact-resnet18").create()),
};

/** WideResNet-34-10. */
export const wrn34Forward: ParityCase = {
  kind: "wrn34-forward",
  replay: (input, engine) => replay(input, engine, findModel("wide-resnet").create()),
};

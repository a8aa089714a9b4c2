/** smallcnn-attacks: FGSM and PGD from recorded starts, then loss and correctness of the images. An attack "adv/NAME" is
 *  read from its name and description: fgsm, pgd10 (L∞, α = hyper.alpha10), pgdl2 (L2), ipgd40 (as pgd, from a start that
 *  may leave the image box). @module */

import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import type { Classifier, ThreatModel } from "../attacks/attack.ts";
import { classifier } from "../attacks/classifier.ts";
import { judge, type Verdict } from "../attacks/judge.ts";
import { pgdSteps } from "../attacks/pgd_steps.ts";
import type { Engine } from "../backends/engine.ts";
import { toTensors } from "../models/weights.ts";
import type { CaseInput, Computed, ParityCase, Replayed } from "./case.ts";
import { parseHyper, type TensorEntry } from "./manifest.ts";
import { fixtureWeights, smallCnn } from "./fixture_weights.ts";
import { computed, images, labels } from "./tensors.ts";
import { accuracies, ATTACKED_LOSS, correctImages, FGSM_PIXELS, FORWARD, PGD_PIXELS } from "./tolerances.ts";

const hyperSchema = z.looseObject({ eps: z.number().positive(), epsL2: z.number().positive().optional() });

/** An attack as the manifest describes it. */
interface Described {
  readonly name: string;
  readonly threat: ThreatModel;
  readonly stepSize: number;
  readonly steps: number;
  /** Name of the start's tensor, or null for the image itself. */
  readonly start: string | null;
}

interface Setting {
  readonly input: CaseInput;
  readonly model: Classifier;
  readonly x: tf.Tensor4D;
  readonly y: tf.Tensor1D;
}

async function* replay(input: CaseInput, engine: Engine): AsyncGenerator<Replayed, void, void> {
  const network = smallCnn();
  const parameters = toTensors(fixtureWeights(network, await input.weights()));
  const model = classifier(network, parameters, { kernels: engine.kernels, training: false });
  const x = images(input.input("x")), y = labels(input.input("y"));
  const setting = { input, model, x, y };
  try {
    yield await computed(model.logits(x), { variant: "-", tensor: "logits", tolerance: FORWARD });
    const accuracy = new Map([["clean", accuracyOf(await judge(model, x, y))]]);
    for (const entry of input.manifest.tensors) {
      const attack = describe(entry, input);
      if (attack === null) continue;
      const adversarial = run(setting, attack, attack.steps, x.shape[0]);
      const verdict = await judge(model, adversarial, y);
      accuracy.set(attack.name, accuracyOf(verdict));
      yield* verdictQuantities(attack.name, verdict);
      const tolerance = attack.start === null ? FGSM_PIXELS : PGD_PIXELS;
      yield await computed(adversarial, { variant: attack.name, tensor: entry.name, tolerance });
      yield* singleSteps(setting, attack);
    }
    yield* accuracyQuantity(input, accuracy, x.shape[0]);
  } finally {
    tf.dispose([x, y, ...parameters.values()]);
  }
}

/** Numbers and words that the manifest states about an attack; null where the tensor is no attack's images. */
function describe({ name: tensor, is }: TensorEntry, { manifest, has }: CaseInput): Described | null {
  const name = /^adv\/(.+)$/.exec(tensor)?.[1];
  if (name === undefined) return null;
  const { eps, epsL2 } = parseHyper(hyperSchema, manifest);
  if (name === "fgsm") return { name, threat: { norm: "linf", epsilon: eps }, stepSize: eps, steps: 1, start: null };
  const steps = Number(/pgd(\d+)$/.exec(name)?.[1] ?? manifest.hyper["stepsL2"] ?? /(\d+) steps/.exec(is)?.[1]);
  const isL2 = /pgdl2/.test(name);
  const epsilon = isL2 ? epsL2 : eps;
  const stepSize = manifest.hyper[isL2 ? "alphaL2" : `alpha${steps}`];
  const start = /\bstart (\w+)/.exec(is)?.[1] ?? (isL2 ? "eta0l2" : name.startsWith("i") ? "eta0raw" : "eta0");
  if (epsilon === undefined || typeof stepSize !== "number" || !(steps >= 1) || !has(start)) {
    throw new SyntaxError(`Cannot replay attack "${name}": the manifest must state its ε, α, steps and start`);
  }
  return { name, threat: { norm: isL2 ? "l2" : "linf", epsilon }, stepSize, steps, start };
}

/** Images of the first `count` rows after the given number of steps. */
function run({ input, model, x, y }: Setting, attack: Described, steps: number, count: number): tf.Tensor4D {
  return tf.tidy(() => {
    const start = attack.start === null ? tf.zerosLike(x) : images(input.input(attack.start));
    const first = <T extends tf.Tensor>(rows: T): T => tf.slice(rows, 0, count);
    const { threat, stepSize } = attack;
    return pgdSteps(model, { x: first(x), y: first(y) }, first(start), {
      threat,
      stepSize,
      steps,
      loss: "cross-entropy",
    });
  });
}

/** Tensors named "pgd10/step2": the first rows after so many of the steps. */
async function* singleSteps(setting: Setting, attack: Described): AsyncGenerator<Computed, void, void> {
  for (const { name, shape } of setting.input.manifest.tensors) {
    const [prefix, step] = name.split("/step");
    if (prefix !== attack.name || step === undefined) continue;
    const adversarial = run(setting, attack, Number(step), shape[0] ?? 0);
    yield await computed(adversarial, { variant: attack.name, tensor: name, tolerance: PGD_PIXELS });
  }
}

function* verdictQuantities(name: string, { correct, losses }: Verdict): Generator<Computed, void, void> {
  const shape = [correct.length];
  yield { variant: name, tensor: `loss/${name}`, shape, values: losses, tolerance: ATTACKED_LOSS };
  const tolerance = correctImages(correct.length);
  yield { variant: name, tensor: `correct/${name}`, shape, values: correct, tolerance };
}

function accuracyOf({ correct }: Verdict): number {
  return correct.reduce((sum, value) => sum + value, 0) / correct.length;
}

/** The tensor "accuracy", whose axis lists the attacks: "[clean,fgsm,pgd10]". */
function* accuracyQuantity(
  { manifest }: CaseInput,
  accuracy: ReadonlyMap<string, number>,
  count: number,
): Generator<Computed, void, void> {
  const entry = manifest.tensors.find(({ name }) => name === "accuracy");
  if (entry === undefined) return;
  const names = entry.axes.replace(/[[\]\s]/g, "").split(",");
  const values = names.map((name) => accuracy.get(name) ?? NaN);
  yield { variant: "-", tensor: "accuracy", shape: [names.length], values, tolerance: accuracies(count) };
}

/** Attacks with recorded starts. */
export const smallcnnAttacks: ParityCase = { kind: "smallcnn-attacks", replay };

/** reference-accuracies: how many of MNIST's first test images the briefly trained small CNN still gets right under FGSM, PGD
 *  from the image itself, and AutoAttack stage by stage. The attacks' numbers are the manifest's; AutoAttack's random draws
 *  are this program's own. @module */

import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import type { Attack, AttackBatch, Classifier, ThreatModel } from "../attacks/attack.ts";
import { autoattackPlus, autoattackRand, autoattackStandard } from "../attacks/autoattack.ts";
import { classifier } from "../attacks/classifier.ts";
import { stageDraw } from "../attacks/ensemble.ts";
import { fgsm } from "../attacks/fgsm.ts";
import { judge } from "../attacks/judge.ts";
import { partOfBatch } from "../attacks/part_of_batch.ts";
import { pgd } from "../attacks/pgd.ts";
import type { Engine } from "../backends/engine.ts";
import { toTensors } from "../models/weights.ts";
import { random } from "../random/random.ts";
import type { CaseInput, Fact, ParityCase, Replayed, Skipped, TestImages } from "./case.ts";
import { fixtureWeights, smallCnn } from "./fixture_weights.ts";
import { parseManifest } from "./manifest.ts";
import { ATTACKED_IMAGES } from "./tolerances.ts";

/** Images that are attacked at once. */
const BATCH = 100;

const TOO_SLOW = "it would take hours on the cpu engine";

const rowSchema = z.looseObject({
  attack: z.string(),
  eps: z.number().positive().optional(),
  alpha: z.number().positive().optional(),
  steps: z.int().min(1).optional(),
  correct: z.int().min(0),
});

const autoattackSchema = z.looseObject({
  norm: z.enum(["Linf", "L2"]).default("Linf"),
  eps: z.number().positive(),
  version: z.enum(["standard", "plus", "rand"]).default("standard"),
  images: z.string(),
  seed: z.int().min(0).default(0),
  /** "clean" and the stages in their order: "98.00%". */
  robustAccuracyAfterStage: z.record(z.string(), z.string()),
});

const manifestSchema = z.looseObject({
  images: z.string(),
  rows: z.array(rowSchema),
  autoattack: autoattackSchema.optional(),
});

type Row = z.output<typeof rowSchema>;
type Reference = z.output<typeof autoattackSchema>;

const VERSIONS = { standard: autoattackStandard, plus: autoattackPlus, rand: autoattackRand };

async function* replay(input: CaseInput, engine: Engine): AsyncGenerator<Replayed, void, void> {
  const { images, rows, autoattack } = parseManifest(manifestSchema, input.manifest);
  const tests = await input.mnistTest();
  if (tests === undefined) {
    yield skipped("rows", 'MNIST\'s test images are not here: get them with "yopo-bench data get mnist"');
    return;
  }
  const network = smallCnn();
  const parameters = toTensors(fixtureWeights(network, await input.weights()));
  const model = classifier(network, parameters, { kernels: engine.kernels, training: false });
  try {
    const count = firstOf(images);
    const known = new Map<string, number>();
    const isSlow = engine.name === "cpu";
    for (const row of rows) {
      const attack = attackOf(row);
      if (isSlow && attack !== null && attack.passes > 1) {
        yield skipped(row.attack, TOO_SLOW);
        continue;
      }
      const label = attack?.label ?? "clean";
      const correct = known.get(label) ?? await correctUnder(model, tests, count, attack);
      known.set(label, correct);
      yield counted(row.attack, correct, row.correct);
    }
    if (autoattack === undefined) return;
    if (isSlow) yield skipped("autoattack", TOO_SLOW);
    else yield* stageQuantities(model, tests, autoattack);
  } finally {
    tf.dispose([...parameters.values()]);
  }
}

function skipped(quantity: string, reason: string): Skipped {
  return { variant: "-", quantity, reason };
}

function counted(quantity: string, actual: number, expected: number): Fact {
  return { variant: "-", quantity, actual, expected, tolerance: ATTACKED_IMAGES };
}

/** The number in "first 500 images of the MNIST test set". */
function firstOf(text: string): number {
  const count = /first (\d+)\b/.exec(text)?.[1];
  if (count === undefined) throw new SyntaxError(`Cannot read "${text}" as images: expected the words first NUMBER`);
  return Number(count);
}

/** A row's attack, null for none: PGD where it states steps, FGSM where it states ε alone. */
function attackOf({ attack, eps, alpha, steps }: Row): Attack | null {
  if (attack === "clean") return null;
  const threat = { norm: "linf", epsilon: eps ?? NaN } as const;
  if (/^PGD.* zero start/.test(attack) && steps !== undefined && alpha !== undefined) {
    return pgd(threat, { steps, stepSize: alpha, randomStart: false });
  }
  if (/^FGSM/.test(attack)) return fgsm(threat);
  throw new SyntaxError(`Cannot replay attack "${attack}": expected FGSM, or PGD with zero start, steps and alpha`);
}

async function correctUnder(
  model: Classifier,
  tests: TestImages,
  count: number,
  attack: Attack | null,
): Promise<number> {
  let correct = 0;
  for (let begin = 0; begin < count; begin += BATCH) {
    const batch = batchOf(tests, begin, Math.min(begin + BATCH, count));
    const images = attack === null ? batch.x.clone() : await attack.perturb(model, batch, noDraws);
    correct += (await survivors(model, batch, images)).length;
    tf.dispose([batch.x, batch.y, images]);
  }
  return correct;
}

/** Every stage on the images that those before it left. */
async function* stageQuantities(
  model: Classifier,
  tests: TestImages,
  { norm, eps, version, images, seed, robustAccuracyAfterStage }: Reference,
): AsyncGenerator<Fact, void, void> {
  const threat: ThreatModel = { norm: norm === "L2" ? "l2" : "linf", epsilon: eps };
  const { name, stages = [] } = VERSIONS[version].create(threat, []);
  const count = firstOf(images), all = batchOf(tests, 0, count);
  const expected = new Map(
    Object.entries(robustAccuracyAfterStage).map(([stage, percent]) => {
      return [stage.toLowerCase(), Math.round(Number.parseFloat(percent) / 100 * count)];
    }),
  );
  try {
    let left = await survivors(model, all, all.x);
    yield counted(`${name}/clean`, left.length, expected.get("clean") ?? NaN);
    for (const [index, stage] of stages.entries()) {
      if (left.length === 0) break;
      const part = partOfBatch(all, left);
      const draw = stageDraw((stream, ...indices) => random(seed, stream, ...indices), stages, index);
      const attacked = await stage.perturb(model, part, draw);
      const rows = await survivors(model, part, attacked);
      tf.dispose([part.x, part.y, attacked]);
      left = rows.map((row) => left[row]!);
      yield counted(`${name}/${stage.name}`, left.length, expected.get(stage.name) ?? NaN);
    }
  } finally {
    tf.dispose([all.x, all.y]);
  }
}

/** Rows whose image in `images` is classified correctly. */
async function survivors(model: Classifier, { y }: AttackBatch, images: tf.Tensor4D): Promise<number[]> {
  const { correct } = await judge(model, images, y);
  return Array.from(correct.keys()).filter((row) => correct[row] === 1);
}

/** Images `begin` to `end` − 1. */
function batchOf({ images, labels, shape }: TestImages, begin: number, end: number): AttackBatch {
  const pixels = shape[0] * shape[1] * shape[2];
  const values = Float32Array.from(images.subarray(begin * pixels, end * pixels), (byte) => byte / 255);
  return {
    x: tf.tensor4d(values, [end - begin, ...shape]),
    y: tf.tensor1d(Int32Array.from(labels.subarray(begin, end)), "int32"),
    ids: Uint32Array.from({ length: end - begin }, (_, i) => begin + i),
  };
}

function noDraws(): never {
  throw new Error("Cannot draw: FGSM and PGD from the image itself need no random numbers");
}

/** Accuracies under attack. */
export const referenceAccuracies: ParityCase = { kind: "reference-accuracies", replay };

/** autoattack-pieces, Auto-PGD: APGD-CE on all images, run to the end, and APGD-T target by target, both from the recorded
 *  start. @module */

import { z } from "zod";
import { crossEntropyOf } from "../attacks/apgd.ts";
import { type ApgdFound, type ApgdStepOptions, apgdSteps } from "../attacks/apgd_steps.ts";
import { dlrTargetedOf } from "../attacks/apgd_targeted.ts";
import { rankedTargets } from "../attacks/fab_boundaries.ts";
import { correctRows, takeLabels } from "../attacks/plain_batch.ts";
import { type Query, takeRows } from "../attacks/query.ts";
import type { CaseInput, Computed, Replayed } from "./case.ts";
import { type Manifest, parseHyper } from "./manifest.ts";
import {
  APGD_BEST_LOSS,
  APGD_CE_PIXELS,
  APGD_STEP_SIZE,
  ATTACKED_LOSS,
  correctImages,
  imagesUnlike,
  PGD_PIXELS,
} from "./tolerances.ts";

const run = { rho: z.number().min(0).max(1).default(0.75), eotSamples: z.int().min(1).default(1) };

const hyperSchema = z.looseObject({
  eps: z.number().positive(),
  norm: z.enum(["Linf", "L2"]).default("Linf"),
  apgdCe: z.looseObject({ ...run, iterations: z.int().min(1) }).optional(),
  apgdT: z.looseObject({ ...run, iterations: z.int().min(1), targets: z.int().min(1) }).optional(),
});

interface Setting {
  readonly query: Query;
  /** `[batch · pixels]`. */
  readonly x: Float32Array;
  /** `[batch]`. */
  readonly labels: Int32Array;
}

/** What is compared with the tensors "apgdCe/…" and "apgdT/…". */
export async function* apgdQuantities(input: CaseInput, setting: Setting): AsyncGenerator<Replayed, void, void> {
  const { apgdCe, apgdT } = parseHyper(hyperSchema, input.manifest);
  if (!input.has("start")) return;
  const start = Float32Array.from(input.input("start").values, Number);
  if (apgdCe !== undefined) yield* ceQuantities(setting, start, stepOptions(input.manifest, apgdCe));
  if (apgdT !== undefined) {
    yield* targetedQuantities(setting, start, { ...stepOptions(input.manifest, apgdT), targets: apgdT.targets });
  }
}

function stepOptions(
  manifest: Manifest,
  { iterations, rho, eotSamples }: {
    readonly iterations: number;
    readonly rho: number;
    readonly eotSamples: number;
  },
): ApgdStepOptions {
  const { eps, norm } = parseHyper(hyperSchema, manifest);
  const threat = { norm: norm === "L2" ? "l2" : "linf", epsilon: eps } as const;
  return { threat, steps: iterations, rho, eotSamples, stopWhenFooled: false };
}

async function* ceQuantities(
  { query, x, labels }: Setting,
  start: Float32Array,
  options: ApgdStepOptions,
): AsyncGenerator<Computed, void, void> {
  const lossOf = (rows: readonly number[]) => crossEntropyOf(takeLabels(labels, rows), query.model);
  const found = await apgdSteps(query, { x, labels, start }, lossOf, options);
  const count = found.length, steps = options.steps;
  const quantity = (name: string, shape: number[], values: number[], tolerance: Computed["tolerance"]) => {
    return { variant: "-", tensor: `apgdCe/${name}`, shape, values, tolerance };
  };
  const perStep = (value: (path: ApgdFound, step: number) => number, from: number) =>
    Array.from({ length: steps + 1 - from }, (_, i) => found.map((path) => value(path, from + i))).flat();
  const adversarial = found.flatMap(({ image }) => [...image]);
  yield quantity("adv", [count, ...query.shape], adversarial, APGD_CE_PIXELS);
  yield quantity("robust", [count], perStep(robustAfter, steps), correctImages(count));
  yield quantity("robustSteps", [steps + 1, count], perStep(robustAfter, 0), imagesUnlike(count));
  yield quantity("bestLoss", [count], perStep(bestLoss, steps), APGD_BEST_LOSS);
  const best = perStep((path, step) => step === 0 ? 0 : bestLoss(path, step), 0); // row 0 is left at 0 there
  yield quantity("bestLossSteps", [steps + 1, count], best, ATTACKED_LOSS);
  yield quantity("lossSteps", [steps, count], perStep(({ losses }, step) => losses[step - 1]!, 1), ATTACKED_LOSS);
  yield quantity("finalStep", [count], found.map(({ stepSize }) => stepSize), APGD_STEP_SIZE);
}

function robustAfter({ fooledAfter }: ApgdFound, step: number): number {
  return fooledAfter <= step ? 0 : 1;
}

function bestLoss({ startLoss, losses }: ApgdFound, step: number): number {
  return losses.subarray(0, step).reduce((best, loss) => Math.max(best, loss), startLoss);
}

async function* targetedQuantities(
  { query, x, labels }: Setting,
  start: Float32Array,
  options: ApgdStepOptions & { readonly targets: number },
): AsyncGenerator<Computed, void, void> {
  const { pixels, classes } = query, count = labels.length;
  const clean = await query.logits(x);
  const ranked = rankedTargets(clean, labels, classes);
  let left = correctRows(clean, labels, classes);
  const adversarial = x.slice(), robust: number[] = [], targets: number[] = [];
  for (let target = 0; target < options.targets; target++) {
    const chosen = Int32Array.from(left, (row) => ranked[row]![target]!);
    targets.push(...spread(left, chosen, count, -1));
    const part = {
      x: takeRows(x, left, pixels),
      labels: takeLabels(labels, left),
      start: takeRows(start, left, pixels),
    };
    const lossOf = (rows: readonly number[]) =>
      dlrTargetedOf(takeLabels(part.labels, rows), takeLabels(chosen, rows), classes);
    const found = left.length === 0 ? [] : await apgdSteps(query, part, lossOf, options);
    found.forEach(({ image, fooledAfter }, i) => {
      if (fooledAfter < Infinity) adversarial.set(image, left[i]! * pixels);
    });
    left = left.filter((_, i) => found[i]!.fooledAfter === Infinity);
    robust.push(...spread(left, left.map(() => 1), count, 0));
  }
  const variant = "-", flags = imagesUnlike(count), perTarget = [options.targets, count];
  yield { variant, tensor: "apgdT/targets", shape: perTarget, values: targets, tolerance: flags };
  yield { variant, tensor: "apgdT/robustAfterTarget", shape: perTarget, values: robust, tolerance: flags };
  const shape = [count, ...query.shape];
  yield { variant, tensor: "apgdT/adv", shape, values: adversarial, tolerance: PGD_PIXELS };
}

/** Values of some rows as an array of all rows, `other` elsewhere. */
function spread(rows: readonly number[], values: ArrayLike<number>, count: number, other: number): number[] {
  const result = Array<number>(count).fill(other);
  rows.forEach((row, i) => result[row] = values[i]!);
  return result;
}

/** The FAB-T tensors of autoattack-pieces: projections onto hyperplanes, single searches towards the t-th largest logit
 *  before the filter by ε, and the attack's images within ε. @module */

import { z } from "zod";
import type { ThreatModel } from "../attacks/attack.ts";
import { boundariesTo, rankedTargets } from "../attacks/fab_boundaries.ts";
import { hyperplaneProjection } from "../attacks/fab_projections.ts";
import { fabSearches } from "../attacks/fab_searches.ts";
import { fabSteps } from "../attacks/fab_steps.ts";
import { correctRows, takeLabels } from "../attacks/plain_batch.ts";
import { type Query, takeRows } from "../attacks/query.ts";
import type { CaseInput, Computed, Replayed } from "./case.ts";
import { type Manifest, parseHyper } from "./manifest.ts";
import { correctImages, FAB_DISTANCES, FORWARD, PGD_PIXELS } from "./tolerances.ts";

const hyperSchema = z.looseObject({
  eps: z.number().positive(),
  norm: z.enum(["Linf", "L2"]).default("Linf"),
  fabT: z.looseObject({
    iterations: z.int().min(1),
    targets: z.int().min(1),
    alphaMax: z.number(),
    eta: z.number(),
    beta: z.number(),
  }),
});

/** The network and the images that the case is about. */
export interface FabSetting {
  readonly query: Query;
  /** `[batch · pixels]`. */
  readonly x: Float32Array;
  /** `[batch]`. */
  readonly labels: Int32Array;
}

/** What is compared with the tensors "fabT/…". */
export async function* fabQuantities(input: CaseInput, setting: FabSetting): AsyncGenerator<Replayed, void, void> {
  const names = input.manifest.tensors.map(({ name }) => name).filter((name) => name.startsWith("fabT/"));
  if (names.length === 0) return;
  yield* projections(input);
  const ranks = names.flatMap((name) => /^fabT\/target(\d+)\//.exec(name)?.[1] ?? []);
  for (const rank of new Set(ranks)) yield* oneSearch(input, setting, Number(rank));
  yield* wholeAttack(input, setting);
}

function* projections(input: CaseInput): Generator<Computed, void, void> {
  if (!input.has("fabT/projection/point")) return;
  const [points, normals] = ["point", "w"].map((name) => {
    return Float32Array.from(input.input(`fabT/projection/${name}`).values, Number);
  }) as [Float32Array, Float32Array];
  const offsets = Array.from(input.input("fabT/projection/b").values, Number);
  const size = points.length / offsets.length;
  for (const norm of ["linf", "l2"] as const) {
    const steps = new Float32Array(points.length);
    const project = hyperplaneProjection(norm, size);
    offsets.forEach((offset, row) => {
      const [point, normal, step] = [points, normals, steps].map((values) => {
        return values.subarray(row * size, (row + 1) * size);
      }) as [Float32Array, Float32Array, Float32Array];
      project(point, { normal, offset }, step);
    });
    const shape = [offsets.length, size];
    yield { variant: "-", tensor: `fabT/projection/${norm}`, shape, values: steps, tolerance: FORWARD };
  }
}

/** One search from the clean images towards the class with the `rank`-th largest logit. */
async function* oneSearch(
  { manifest }: CaseInput,
  { query, x, labels }: FabSetting,
  rank: number,
): AsyncGenerator<Computed, void, void> {
  const { threat: { norm }, steps } = settings(manifest);
  const clean = await query.logits(x);
  const rows = correctRows(clean, labels, query.classes);
  const part = { x: takeRows(x, rows, query.pixels), labels: takeLabels(labels, rows) };
  const targets = rankedTargets(takeRows(clean, rows, query.classes), part.labels, query.classes);
  const boundaries = boundariesTo(query, part.labels, Int32Array.from(targets, (ranked) => ranked[rank - 2]!));
  const found = await fabSteps(query, { ...part, start: part.x }, boundaries, { norm, ...steps });
  const images = x.slice(), distances = new Float64Array(labels.length);
  rows.forEach((row, i) => {
    images.set(found.images.subarray(i * query.pixels, (i + 1) * query.pixels), row * query.pixels);
    if (found.distances[i] !== Infinity) distances[row] = found.distances[i]!;
  });
  const variant = "-", prefix = `fabT/target${rank}`;
  const shape = [labels.length, ...query.shape];
  yield { variant, tensor: `${prefix}/adv`, shape, values: images, tolerance: PGD_PIXELS };
  const count = [labels.length];
  yield { variant, tensor: `${prefix}/distance`, shape: count, values: distances, tolerance: FAB_DISTANCES };
}

/** Images within ε, and which are still classified correctly. */
async function* wholeAttack(
  { manifest }: CaseInput,
  { query, x, labels }: FabSetting,
): AsyncGenerator<Computed, void, void> {
  const { threat, steps, targets } = settings(manifest);
  const ids = Uint32Array.from(labels.keys());
  const task = { name: "fab-t", threat, targets, restarts: 1, enough: threat.epsilon, ...steps };
  const { images, distances } = await fabSearches({ query, x, labels, ids }, noDraws, task);
  const { pixels } = query;
  distances.forEach((distance, row) => {
    if (distance > threat.epsilon) images.set(x.subarray(row * pixels, (row + 1) * pixels), row * pixels);
  });
  const variant = "-", shape = [labels.length, ...query.shape];
  yield { variant, tensor: "fabT/adv", shape, values: images, tolerance: PGD_PIXELS };
  const robust = Uint8Array.from(distances, (distance) => distance > threat.epsilon ? 1 : 0);
  const tolerance = correctImages(labels.length);
  yield { variant, tensor: "fabT/robust", shape: [labels.length], values: robust, tolerance };
}

/** One restart begins at the image. */
function noDraws(): never {
  throw new Error("Cannot draw: a search without restarts needs no random numbers");
}

function settings(manifest: Manifest) {
  const { eps, norm, fabT: { iterations, targets, alphaMax, eta, beta } } = parseHyper(hyperSchema, manifest);
  const threat: ThreatModel = { norm: norm === "L2" ? "l2" : "linf", epsilon: eps };
  return { threat, targets, steps: { steps: iterations, alphaMax, eta, beta } };
}

/** Random noise of the size that attacks may use: a control. A network that noise fools as often as an attack does was not
 *  attacked well, or has nothing to defend. @module */

import type * as tf from "@tensorflow/tfjs";
import { number, resolveOptions } from "../models/options.ts";
import type { RandomStream } from "../random/random.ts";
import type { Attack, AttackBatch, AttackDefinition, Classifier, Draw, ThreatModel } from "./attack.ts";
import { correctRows, imagesOf, margins, plainBatch, projectImage, takeLabels } from "./plain_batch.ts";
import { takeRows } from "./query.ts";
import { fillUniform } from "./starts.ts";
import { checkThreatModel, formatThreatModel } from "./threat_model.ts";

export type NoiseKind = "uniform" | "gaussian";

/** Options of {@linkcode noise}. */
export interface NoiseOptions {
  /** Independent draws, of which each image keeps the worst. @default {1} */
  readonly restarts?: number;
}

const options = {
  restarts: number({
    doc: "Independent draws, of which each image keeps the worst",
    min: 1,
    max: 10_000,
    integer: true,
    default: 1,
  }),
};

/** Uniform noise for the registry. */
export const uniformNoiseAttack: AttackDefinition = {
  name: "uniform-noise",
  example: "uniform-noise",
  summary: "uniform random noise of the same size: a control, not an attack",
  options,
  create: (threat, _numbers, given = {}) => noise("uniform", threat, given),
};

/** Gaussian noise for the registry. */
export const gaussianNoiseAttack: AttackDefinition = {
  name: "gaussian-noise",
  example: "gaussian-noise",
  summary: "Gaussian random noise of the same size: a control, not an attack",
  options,
  create: (threat, _numbers, given = {}) => noise("gaussian", threat, given),
};

/**
 * Noise in place of an attack. Uniform: over the ball. Gaussian: N(0, ε²) for each pixel, clipped to ±ε (L∞), or a uniform
 * direction of length ε (L2). Images that no draw fools come back with the noise of the smallest margin.
 *
 * @throws {RangeError} When the threat model or an option is out of range.
 */
export function noise(kind: NoiseKind, threat: ThreatModel, given: NoiseOptions = {}): Attack {
  checkThreatModel(threat);
  const name = `${kind}-noise`;
  const resolved = resolveOptions(options, { ...given }, `attack "${name}"`);
  const { restarts } = resolved;
  const title = kind === "uniform" ? "Uniform" : "Gaussian";
  return {
    name,
    label: `${title} noise (a control), ${formatThreatModel(threat)}, ${restarts} draw${restarts === 1 ? "" : "s"}`,
    threat,
    resolved,
    passes: 0,
    forwards: 1 + restarts,
    perturb: (model, batch, draw) => perturb(model, batch, { kind, threat, restarts, draw }),
  };
}

interface NoiseRun extends Required<NoiseOptions> {
  readonly kind: NoiseKind;
  readonly threat: ThreatModel;
  readonly draw: Draw;
}

async function perturb(
  model: Classifier,
  batch: AttackBatch,
  { kind, threat, restarts, draw }: NoiseRun,
): Promise<tf.Tensor4D> {
  const { query, x, labels, ids } = await plainBatch(model, batch);
  const { pixels, classes } = query;
  const worst = x.slice(), least = new Float32Array(ids.length).fill(Infinity);
  let rows = correctRows(await query.logits(x), labels, classes);
  for (let restart = 0; restart < restarts && rows.length > 0; restart++) {
    const clean = takeRows(x, rows, pixels), images = new Float32Array(clean.length);
    rows.forEach((row, i) => {
      const image = images.subarray(i * pixels, (i + 1) * pixels),
        original = clean.subarray(i * pixels, (i + 1) * pixels);
      fillNoise(image, kind, threat, draw(`${kind}-noise`, restart, ids[row]!));
      for (let k = 0; k < pixels; k++) image[k]! += original[k]!;
      projectImage(image, original, threat);
    });
    const logits = await query.logits(images);
    const own = takeLabels(labels, rows);
    const current = margins(logits, own, classes);
    const correct = new Set(correctRows(logits, own, classes));
    rows.forEach((row, i) => {
      if (correct.has(i) && !(current[i]! < least[row]!)) return;
      least[row] = current[i]!;
      worst.set(images.subarray(i * pixels, (i + 1) * pixels), row * pixels);
    });
    rows = rows.filter((_, i) => correct.has(i));
  }
  return imagesOf(worst, query);
}

function fillNoise(image: Float32Array, kind: NoiseKind, threat: ThreatModel, stream: RandomStream): void {
  if (kind === "uniform") return fillUniform(image, threat, stream);
  const { norm, epsilon } = threat;
  let squares = 0;
  for (let i = 0; i < image.length; i++) {
    image[i] = stream.normal();
    squares += image[i]! ** 2;
  }
  // in L∞ the projection clips to ±ε
  const scale = norm === "linf" ? epsilon : epsilon / Math.sqrt(squares);
  for (let i = 0; i < image.length; i++) image[i]! *= scale;
}

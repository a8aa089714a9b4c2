/** MI-FGSM-K, iterative FGSM with momentum: Dong et al. 2018, arXiv:1710.06081, algorithm 1, and its variant for L2.
 *  g ← μ·g + ∇L/‖∇L‖₁, then a step of α along sign(g) or g/‖g‖₂, from the image itself. Differs from the paper, whose images
 *  are to fool other networks: an image that is misclassified moves no further. @module */

import * as tf from "@tensorflow/tfjs";
import { derivedNumber, number, resolveOptions } from "../models/options.ts";
import type { Attack, AttackBatch, AttackDefinition, Classifier, ThreatModel } from "./attack.ts";
import { type AttackLoss, lossOption, lossPerImage } from "./losses.ts";
import { correctRows, imagesOf, plainBatch, projectImage, takeLabels } from "./plain_batch.ts";
import { takeRows } from "./query.ts";
import { checkThreatModel, formatPixelValue, formatThreatModel } from "./threat_model.ts";

/** Options of {@linkcode miFgsm}. */
export interface MiFgsmOptions {
  /** K, at least 1. */
  readonly steps: number;
  /** α in pixel values: the move of each pixel (L∞) or of each image's norm (L2). @default ε/K */
  readonly stepSize?: number;
  /** μ, how much of the direction so far each step keeps. @default {1} */
  readonly decay?: number;
  /** What is maximised. @default {"cross-entropy"} */
  readonly loss?: AttackLoss;
}

const options = {
  stepSize: derivedNumber({ doc: "α, the size of one step in pixel values", above: 0, max: 1000, defaultText: "ε/K" }),
  decay: number({ doc: "μ, how much of the direction so far each step keeps", min: 0, max: 10, default: 1 }),
  loss: lossOption,
};

/** MI-FGSM-K for the registry. */
export const miFgsmAttack: AttackDefinition = {
  name: "mi-fgsm-K",
  example: "mi-fgsm-10",
  summary: "K steps of FGSM with momentum from the image itself",
  options,
  create: (threat, [steps], given = {}) => miFgsm(threat, { ...given, steps: steps ?? NaN }),
};

type Resolved = Required<MiFgsmOptions>;

/**
 * MI-FGSM-K as an attack.
 *
 * @throws {RangeError} When the threat model or an option is out of range.
 */
export function miFgsm(threat: ThreatModel, { steps, ...given }: MiFgsmOptions): Attack {
  checkThreatModel(threat);
  if (!Number.isInteger(steps) || steps < 1) {
    throw new RangeError(`Cannot run MI-FGSM with ${steps} steps: expected an integer of at least 1`);
  }
  const checked = resolveOptions(options, given, `attack "mi-fgsm-${steps}"`);
  const resolved = { steps, ...checked, stepSize: checked.stepSize ?? threat.epsilon / steps };
  const { stepSize, decay, loss } = resolved;
  const parts = [`MI-FGSM-${steps}`, formatThreatModel(threat), `α=${formatPixelValue(stepSize)}`, `μ=${decay}`];
  if (loss === "margin") parts.push("margin loss");
  return {
    name: `mi-fgsm-${steps}`,
    label: parts.join(", "),
    threat,
    resolved,
    passes: steps,
    forwards: 0,
    perturb: (model, batch) => perturb(model, batch, threat, resolved),
  };
}

async function perturb(
  model: Classifier,
  batch: AttackBatch,
  threat: ThreatModel,
  { steps, stepSize, decay, loss }: Resolved,
): Promise<tf.Tensor4D> {
  const { query, x, labels } = await plainBatch(model, batch);
  const { pixels, classes } = query;
  const images = x.slice(), momentum = new Float64Array(x.length);
  let rows = Array.from(labels, (_, row) => row);
  for (let step = 0; step < steps && rows.length > 0; step++) {
    const own = takeLabels(labels, rows), y = tf.tensor1d(own, "int32");
    const { logits, gradient } = await query.gradient(
      takeRows(images, rows, pixels),
      (values) => lossPerImage(loss, model, values, y),
    ).finally(() => y.dispose());
    const correct = correctRows(logits, own, classes);
    for (const i of correct) {
      const [begin, end] = [rows[i]! * pixels, (rows[i]! + 1) * pixels];
      const direction = momentum.subarray(begin, end), image = images.subarray(begin, end);
      accumulate(direction, gradient.subarray(i * pixels, (i + 1) * pixels), decay);
      move(image, direction, stepSize, threat);
      projectImage(image, x.subarray(begin, end), threat);
    }
    rows = correct.map((i) => rows[i]!);
  }
  return imagesOf(images, query);
}

/** g ← μ·g + ∇L/‖∇L‖₁; a gradient of zeros adds nothing. */
function accumulate(direction: Float64Array, gradient: Float32Array, decay: number): void {
  const size = gradient.reduce((sum, value) => sum + Math.abs(value), 0);
  for (let k = 0; k < direction.length; k++) {
    direction[k] = decay * direction[k]! + (size === 0 ? 0 : gradient[k]! / size);
  }
}

function move(image: Float32Array, direction: Float64Array, stepSize: number, { norm }: ThreatModel): void {
  const length = Math.sqrt(direction.reduce((sum, value) => sum + value * value, 0));
  if (length === 0) return;
  for (let k = 0; k < image.length; k++) {
    image[k]! += stepSize * (norm === "linf" ? Math.sign(direction[k]!) : direction[k]! / length);
  }
}

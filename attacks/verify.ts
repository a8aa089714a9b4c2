/** No attack is believed: perturbation, pixel range and success are recomputed on the images that came back. @module */

import type * as tf from "@tensorflow/tfjs";
import type { AttackBatch, Classifier, ThreatModel } from "./attack.ts";
import { judge } from "./judge.ts";
import { formatThreatModel } from "./threat_model.ts";

/** What the returned images really are. */
export interface Verification {
  /** 1 where the image is still classified correctly, `[batch]`. */
  readonly correct: Uint8Array;
  /** Cross-entropy of each image in nats, `[batch]`. */
  readonly losses: Float32Array;
  /** Largest norm of x' - x over the images, in the threat model's norm, computed in float64. */
  readonly maxPerturbation: number;
  /** Whether every norm is at most ε plus {@linkcode roundingTolerance}. */
  readonly insideBall: boolean;
  /** Whether every pixel is in 0..1, exactly. */
  readonly insideBox: boolean;
  /** What does not hold, one plain sentence each; empty where the images may be counted. */
  readonly violations: readonly string[];
}

/**
 * How far rounding may carry an honest attack past ε: pixels are float32 sums in 0..1, and so is ε itself, each off by
 * at most 2^-25 to 2^-24; twice their sum, 2^-22, per pixel, and √pixels times that in L2.
 */
export function roundingTolerance({ norm }: ThreatModel, pixels: number): number {
  return 2 ** -22 * (norm === "linf" ? 1 : Math.sqrt(pixels));
}

/**
 * Recomputes what an attack claims.
 *
 * @param adversarial x', same shape as the batch's x.
 * @throws {TypeError} When the shapes differ.
 */
export async function verify(
  model: Classifier,
  batch: Pick<AttackBatch, "x" | "y">,
  adversarial: tf.Tensor4D,
  threat: ThreatModel,
): Promise<Verification> {
  if (adversarial.shape.join() !== batch.x.shape.join()) {
    throw new TypeError(
      `Cannot verify adversarial images of shape [${adversarial.shape}]: expected the batch's shape [${batch.x.shape}]`,
    );
  }
  const [original, changed] = await Promise.all([batch.x.data(), adversarial.data()]);
  const { correct, losses, finite } = await judge(model, adversarial, batch.y);
  const pixels = original.length / batch.x.shape[0];
  const maxPerturbation = largestNorm(original, changed, pixels, threat);
  const insideBall = maxPerturbation <= threat.epsilon + roundingTolerance(threat, pixels);
  const insideBox = changed.every((value) => value >= 0 && value <= 1);
  const violations: string[] = [];
  if (!insideBall) violations.push(`the perturbation ${maxPerturbation} exceeds ${formatThreatModel(threat)}`);
  if (!insideBox) violations.push("pixels lie outside 0..1");
  if (!finite) violations.push("logits are not finite");
  return { correct, losses, maxPerturbation, insideBall, insideBox, violations };
}

/** NaN where a pixel is not a number, so that no comparison with ε holds. */
function largestNorm(a: ArrayLike<number>, b: ArrayLike<number>, pixels: number, { norm }: ThreatModel): number {
  let largest = 0;
  for (let start = 0; start < a.length; start += pixels) {
    let size = 0;
    for (let i = start; i < start + pixels; i++) {
      const difference = b[i]! - a[i]!;
      size = norm === "linf" ? Math.max(size, Math.abs(difference)) : size + difference * difference;
    }
    largest = Math.max(largest, norm === "linf" ? size : Math.sqrt(size));
  }
  return largest;
}

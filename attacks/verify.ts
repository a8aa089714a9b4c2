/** No attack is believed: perturbation, pixel range and success are recomputed on the images that came back. @module */

import type * as tf from "@tensorflow/tfjs";
import type { AttackBatch, Classifier, ThreatModel } from "./attack.ts";
import { judge } from "./judge.ts";
import { formatThreatModel } from "./threat_model.ts";

/** What the returned images really are. */
export interface Verification {
  /** 1 where the image is still classified correctly, `[batch]`. */
  readonly correct: Uint8Array;
  /** The network's answer to each image, `[batch]`. */
  readonly predicted: Int32Array;
  /** 1 where the image is inside the ball and the box and the network's answer is finite, `[batch]`. */
  readonly holds: Uint8Array;
  /** Norm of x' - x of each image, `[batch]`, in float64; NaN where a pixel is not a number. */
  readonly distances: Float64Array;
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
  const { correct, predicted, losses, finite } = await judge(model, adversarial, batch.y);
  const pixels = original.length / batch.x.shape[0];
  const distances = normsOf(original, changed, pixels, threat);
  const limit = threat.epsilon + roundingTolerance(threat, pixels);
  const isInBox = (row: number): boolean => {
    return changed.subarray(row * pixels, (row + 1) * pixels).every((value) => value >= 0 && value <= 1);
  };
  const inBox = Array.from(distances, (_, row) => isInBox(row));
  const maxPerturbation = distances.reduce((largest, distance) => Math.max(largest, distance), 0);
  const insideBall = distances.every((distance) => distance <= limit), insideBox = inBox.every(Boolean);
  const violations: string[] = [];
  if (!insideBall) violations.push(`the perturbation ${maxPerturbation} exceeds ${formatThreatModel(threat)}`);
  if (!insideBox) violations.push("pixels lie outside 0..1");
  if (!finite.every(Boolean)) violations.push("logits are not finite");
  const holds = Uint8Array.from(distances, (distance, row) => {
    return Number(distance <= limit && inBox[row]! && finite[row] === 1);
  });
  return { correct, predicted, holds, distances, losses, maxPerturbation, insideBall, insideBox, violations };
}

/** NaN where a pixel is not a number, so that no comparison with ε holds. */
function normsOf(a: ArrayLike<number>, b: ArrayLike<number>, pixels: number, { norm }: ThreatModel): Float64Array {
  return Float64Array.from({ length: a.length / pixels }, (_, row) => {
    let size = 0;
    for (let i = row * pixels; i < (row + 1) * pixels; i++) {
      const difference = b[i]! - a[i]!;
      size = norm === "linf" ? Math.max(size, Math.abs(difference)) : size + difference * difference;
    }
    return norm === "linf" ? size : Math.sqrt(size);
  });
}

/** The verdict on images: which are still classified correctly, and at what loss. @module */

import * as tf from "@tensorflow/tfjs";
import type { Classifier } from "./attack.ts";
import { type AttackLoss, lossPerImage } from "./losses.ts";
import { predictions } from "./query.ts";

/** The network's answer to a batch, on plain arrays. */
export interface Verdict {
  /** 1 where the first largest logit is the label's, `[batch]`; 0 as well where a logit is not a number. */
  readonly correct: Uint8Array;
  /** First largest logit of each image, `[batch]`. */
  readonly predicted: Int32Array;
  /** Loss of each image, `[batch]`. */
  readonly losses: Float32Array;
  /** 1 where every logit of the image is finite, `[batch]`. */
  readonly finite: Uint8Array;
}

/**
 * Classifies a batch.
 *
 * @param x `[batch, height, width, channels]`, in 0..1.
 * @param y int32 labels `[batch]`.
 */
export async function judge(
  model: Classifier,
  x: tf.Tensor4D,
  y: tf.Tensor1D,
  loss: AttackLoss = "cross-entropy",
): Promise<Verdict> {
  const [logits, losses] = tf.tidy(() => {
    const answer = model.logits(x);
    return [answer, lossPerImage(loss, model, answer, y)] as const;
  });
  try {
    const [values, labels, lossValues] = await Promise.all([logits.data(), y.data(), losses.data()]);
    return {
      correct: Uint8Array.from(labels, (label, i) => {
        return isFirstLargest(values.subarray(i * model.classes, (i + 1) * model.classes), label) ? 1 : 0;
      }),
      predicted: predictions(values as Float32Array, model.classes),
      losses: Float32Array.from(lossValues),
      finite: Uint8Array.from(labels, (_, i) => {
        return Number(values.subarray(i * model.classes, (i + 1) * model.classes).every(Number.isFinite));
      }),
    };
  } finally {
    tf.dispose([logits, losses]);
  }
}

function isFirstLargest(values: ArrayLike<number>, label: number): boolean {
  const own = values[label];
  if (own === undefined) return false;
  for (let k = 0; k < values.length; k++) {
    const holds = k < label ? values[k]! < own : values[k]! <= own;
    if (!holds) return false;
  }
  return true;
}

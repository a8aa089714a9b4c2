/** A network as attacks with bookkeeping of their own for each image ask it: plain arrays in, plain arrays out. What an
 *  attack does between two questions is then plain code that gives the same bits on every engine and in every batch.
 *  @module */

import * as tf from "@tensorflow/tfjs";
import type { Classifier } from "./attack.ts";

/** One number per image, `[batch]`, from logits `[batch, classes]`; differentiable in the logits. */
export type LogitsLoss = (logits: tf.Tensor2D) => tf.Tensor1D;

/** The answer to {@linkcode Query.gradient}. */
export interface LossGradient {
  /** `[batch · classes]`. */
  readonly logits: Float32Array;
  /** `[batch]`. */
  readonly losses: Float32Array;
  /** ∂(Σ losses)/∂x, `[batch · pixels]`, in h, w, c order. */
  readonly gradient: Float32Array;
}

/** Questions to a network. */
export interface Query {
  readonly model: Classifier;
  readonly classes: number;
  /** `[height, width, channels]` of one image. */
  readonly shape: readonly [number, number, number];
  /** height · width · channels. */
  readonly pixels: number;
  /** Logits `[batch · classes]` of images `[batch · pixels]`. */
  logits(images: Float32Array): Promise<Float32Array>;
  /**
   * Logits, losses and the gradient in the image.
   *
   * @param samples Answers that the gradient is the mean of, for networks that draw (EOT: Athalye et al. 2018,
   *   arXiv:1802.00420, section 5.2); logits and losses are the last one's. @default {1}
   */
  gradient(images: Float32Array, loss: LogitsLoss, samples?: number): Promise<LossGradient>;
}

/** Questions about images of the given shape. */
export function queryOf(model: Classifier, shape: readonly [number, number, number]): Query {
  const pixels = shape[0] * shape[1] * shape[2];
  const tensorOf = (images: Float32Array): tf.Tensor4D => tf.tensor4d(images, [images.length / pixels, ...shape]);
  return {
    model,
    classes: model.classes,
    shape,
    pixels,
    async logits(images) {
      const x = tensorOf(images);
      const logits = tf.tidy(() => model.logits(x));
      try {
        return await valuesOf(logits);
      } finally {
        tf.dispose([x, logits]);
      }
    },
    async gradient(images, loss, samples = 1) {
      const x = tensorOf(images);
      try {
        const first = await oneGradient(model, x, loss);
        if (samples === 1) return first;
        const sum = Float64Array.from(first.gradient);
        let last = first;
        for (let sample = 1; sample < samples; sample++) {
          last = await oneGradient(model, x, loss);
          last.gradient.forEach((value, i) => sum[i]! += value);
        }
        return { ...last, gradient: Float32Array.from(sum, (value) => value / samples) };
      } finally {
        x.dispose();
      }
    },
  };
}

async function oneGradient(model: Classifier, x: tf.Tensor4D, loss: LogitsLoss): Promise<LossGradient> {
  const tensors = tf.tidy(() => {
    let logits: tf.Tensor2D | undefined;
    const { value, grad } = tf.valueAndGrad((input) => {
      const answer = model.logits(input as tf.Tensor4D);
      logits = tf.keep(answer.clone());
      return loss(answer);
    })(x);
    return [logits!, value, grad] as const;
  });
  try {
    const [logits, losses, gradient] = await Promise.all(tensors.map(valuesOf)) as [
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    return { logits, losses, gradient };
  } finally {
    tf.dispose([...tensors]);
  }
}

/** A copy: some engines hand out a view of their own memory. */
async function valuesOf(tensor: tf.Tensor): Promise<Float32Array> {
  return (await tensor.data() as Float32Array).slice();
}

/** Rows `rows` of an array of rows that are `width` long, in that order. */
export function takeRows(values: Float32Array, rows: ArrayLike<number>, width: number): Float32Array {
  const result = new Float32Array(rows.length * width);
  for (let i = 0; i < rows.length; i++) {
    result.set(values.subarray(rows[i]! * width, (rows[i]! + 1) * width), i * width);
  }
  return result;
}

/** Index of the first largest logit of each row, `[batch]`. */
export function predictions(logits: Float32Array, classes: number): Int32Array {
  return Int32Array.from({ length: logits.length / classes }, (_, row) => {
    let best = 0;
    for (let k = 1; k < classes; k++) if (logits[row * classes + k]! > logits[row * classes + best]!) best = k;
    return best;
  });
}

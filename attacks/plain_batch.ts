/** A batch of images as plain arrays, for attacks with bookkeeping of their own for each image. @module */

import * as tf from "@tensorflow/tfjs";
import type { AttackBatch, Classifier, ThreatModel } from "./attack.ts";
import { predictions, type Query, queryOf } from "./query.ts";

/** A batch and the network to ask about it. */
export interface PlainBatch {
  readonly query: Query;
  /** `[batch · pixels]` in h, w, c order, in 0..1; a copy. */
  readonly x: Float32Array;
  /** `[batch]`. */
  readonly labels: Int32Array;
  /** Source index of each image, `[batch]`. */
  readonly ids: Uint32Array;
}

/** Reads a batch from the engine. */
export async function plainBatch(model: Classifier, { x, y, ids }: AttackBatch): Promise<PlainBatch> {
  const [, height, width, channels] = x.shape;
  const [images, labels] = await Promise.all([x.data(), y.data()]);
  const query = queryOf(model, [height, width, channels]);
  return { query, x: (images as Float32Array).slice(), labels: Int32Array.from(labels), ids };
}

/** Plain images as a tensor of the engine. */
export function imagesOf(values: Float32Array, { pixels, shape }: Query): tf.Tensor4D {
  return tf.tensor4d(values, [values.length / pixels, ...shape]);
}

/** Rows whose answer is the label. */
export function correctRows(logits: Float32Array, labels: Int32Array, classes: number): number[] {
  const rows: number[] = [];
  predictions(logits, classes).forEach((answer, row) => {
    if (answer === labels[row]) rows.push(row);
  });
  return rows;
}

/** z_y − the largest other logit of each row, in float32: positive where the label wins. */
export function margins(logits: Float32Array, labels: ArrayLike<number>, classes: number): Float32Array {
  return Float32Array.from(labels, (label, row) => {
    let other = -Infinity;
    for (let k = 0; k < classes; k++) if (k !== label) other = Math.max(other, logits[row * classes + k]!);
    return logits[row * classes + label]! - other;
  });
}

/** Labels of some rows. */
export function takeLabels(labels: Int32Array, rows: ArrayLike<number>): Int32Array {
  return Int32Array.from(rows, (row) => labels[row]!);
}

/** Moves one image into the ball around `x` and into 0..1, in place; both `[pixels]`. */
export function projectImage(image: Float32Array, x: Float32Array, { norm, epsilon }: ThreatModel): void {
  if (norm === "linf") {
    const radius = Math.fround(epsilon);
    for (let i = 0; i < image.length; i++) {
      const low = Math.fround(x[i]! - radius), high = Math.fround(x[i]! + radius);
      image[i] = clip01(Math.min(Math.max(image[i]!, low), high));
    }
    return;
  }
  const scale = Math.min(1, epsilon / distanceL2(image, x));
  for (let i = 0; i < image.length; i++) image[i] = clip01(scale < 1 ? x[i]! + (image[i]! - x[i]!) * scale : image[i]!);
}

/** ‖a − b‖₂ in float64. */
export function distanceL2(a: Float32Array, b: Float32Array): number {
  let squares = 0;
  for (let i = 0; i < a.length; i++) squares += (a[i]! - b[i]!) ** 2;
  return Math.sqrt(squares);
}

/** A pixel value moved into 0..1. */
export function clip01(value: number): number {
  return Math.min(Math.max(value, 0), 1);
}

/** Which precision products really have: TensorFlow's CPU library may be told by the environment to round the factors of
 *  float32 products to bfloat16, and says nothing of it. @module */

import * as tf from "@tensorflow/tfjs";
import type { Kernels, Precision } from "../engine.ts";

/** 1 + 2^-12: float32 holds it, bfloat16 (8 bits) rounds it to 1. Multiples of 2^-12 far below 2^24 add without error. */
const FINE = 1 + 2 ** -12;

/** Measures a convolution and a matrix product of sizes for which the library uses its bfloat16 code where it may.
 *  @throws {Error} When the two differ, or are neither. */
export function measurePrecision(kernels: Kernels): Precision {
  const measured: (Precision | null)[] = [];
  tf.tidy(() => {
    const image = tf.fill<tf.Rank.R4>([16, 16, 16, 32], FINE);
    const filter = tf.ones<tf.Rank.R4>([3, 3, 32, 32]);
    const options = { stride: 1, padding: { top: 0, bottom: 0, left: 0, right: 0 }, activation: "none" } as const;
    const sums = kernels.convolution(image, filter, null, options);
    const products = kernels.dense(tf.fill([256, 512], FINE), tf.ones([512, 256]), null, "none");
    measured.push(precisionOf(sums, 9 * 32), precisionOf(products, 512));
  });
  if (measured.includes(null)) throw new Error("Cannot use engine tensorflow: its products are wrong");
  // The smaller products of a network may stay in float32 either way; the convolutions carry the time.
  return measured.includes("bf16") ? "bf16" : "f32";
}

/** From the first of sums of `terms` products FINE · 1. */
function precisionOf(sums: tf.Tensor, terms: number): Precision | null {
  const sum = sums.dataSync()[0]!;
  if (sum === terms * FINE) return "f32";
  return sum === terms ? "bf16" : null;
}

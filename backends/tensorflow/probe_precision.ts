/** Which precision products really have: TensorFlow's CPU library may be told by the environment to round the factors of
 *  float32 products to bfloat16, and on a GPU it rounds them to tf32; neither says so. @module */

import * as tf from "@tensorflow/tfjs";
import type { Kernels } from "../engine.ts";

/** What factors of products are rounded to; tf32 is what NVIDIA's Ampere and later make of float32. */
export type ProductPrecision = "f32" | "tf32" | "bf16";

/** 1 + 2^-12: float32 holds it, tf32 (11 bits) and bfloat16 (8 bits) round it to 1. Multiples of 2^-12 far below 2^24
 *  add without error. */
const FINE = 1 + 2 ** -12;

/** 1 + 2^-9: tf32 holds it, too; bfloat16 rounds it to 1. */
const MEDIUM = 1 + 2 ** -9;

/** Measures a convolution and a matrix product of sizes for which the library uses its bfloat16 code where it may.
 *  @throws {Error} When the two differ, or are neither. */
export function measurePrecision(kernels: Kernels): ProductPrecision {
  const convolutions: number[] = [], products: number[] = [];
  tf.tidy(() => {
    const filter = tf.ones<tf.Rank.R4>([3, 3, 32, 32]);
    const options = { stride: 1, padding: { top: 0, bottom: 0, left: 0, right: 0 }, activation: "none" } as const;
    for (const factor of [FINE, MEDIUM]) {
      const image = tf.fill<tf.Rank.R4>([16, 16, 16, 32], factor);
      convolutions.push(kernels.convolution(image, filter, null, options).dataSync()[0]! / (9 * 32));
      products.push(kernels.dense(tf.fill([256, 512], factor), tf.ones([512, 256]), null, "none").dataSync()[0]! / 512);
    }
  });
  const measured = [precisionOf(convolutions), precisionOf(products)];
  if (measured.includes(null)) throw new Error("Cannot use engine tensorflow: its products are wrong");
  // The smaller products of a network may stay in float32 either way; the convolutions carry the time.
  return measured.includes("bf16") ? "bf16" : measured.includes("tf32") ? "tf32" : "f32";
}

/** From what became of FINE and MEDIUM. */
export function precisionOf([fine, medium]: readonly number[]): ProductPrecision | null {
  if (medium === MEDIUM && (fine === FINE || fine === 1)) return fine === FINE ? "f32" : "tf32";
  return fine === 1 && medium === 1 ? "bf16" : null;
}

/** Where Auto-PGD starts and how one step moves an image: Croce and Hein 2020, arXiv:2003.01690, section 3 and algorithm 1.
 *  Rounded to float32 after every operation, as the public code computes in L∞; L2 norms are summed in float64. @module */

import type { RandomStream } from "../random/random.ts";
import type { ThreatModel } from "./attack.ts";
import { clip01 } from "./plain_batch.ts";

/** Keeps the direction of an all-zero array defined. */
const TINY = 1e-12;

/** What a step needs to know; every array is one image `[pixels]`. */
export interface Standing {
  /** The clean image, in 0..1. */
  readonly x: Float32Array;
  /** x_k. */
  readonly point: Float32Array;
  /** x_{k−1}; x_k itself before the first step. */
  readonly before: Float32Array;
  /** Gradient of the loss at x_k. */
  readonly gradient: Float32Array;
  /** In pixel values: the move of each pixel (L∞) or of the image's norm (L2). */
  readonly stepSize: number;
}

/**
 * A random point of the ball's surface, clipped to 0..1: x + ε·t/(max|t| + 1e-12) with t uniform in −1..1 (L∞), or
 * x + ε·t/(‖t‖₂ + 1e-12) with t normal (L2).
 *
 * @param x One image `[pixels]`, in 0..1.
 */
export function apgdStart(x: Float32Array, { norm, epsilon }: ThreatModel, stream: RandomStream): Float32Array {
  const noise = x.map(() => norm === "linf" ? stream.uniform(-1, 1) : stream.normal());
  const length = norm === "linf" ? Math.fround(largest(noise) + TINY) : euclidean(noise) + TINY;
  const radius = Math.fround(epsilon);
  return x.map((value, i) => clip01(value + Math.fround(radius * Math.fround(noise[i]! / length))));
}

/**
 * x_{k+1} = Π(x_k + a·(z − x_k) + (1 − a)·(x_k − x_{k−1})), where z is a projected gradient step from x_k and Π projects onto
 * the ball, then clips to 0..1.
 *
 * @param keep a: 0.75, but 1 in the first step, which has no momentum.
 */
export function apgdMove(standing: Standing, { norm, epsilon }: ThreatModel, keep: number): Float32Array {
  const { x, point } = standing;
  if (norm === "l2") {
    const z = ontoL2Ball(gradientStepL2(standing), x, epsilon);
    return ontoL2Ball(point.map((here, i) => mixed(here, standing.before[i]!, z[i]!, keep)), x, epsilon);
  }
  const radius = Math.fround(epsilon), { before, gradient, stepSize } = standing;
  const next = new Float32Array(x.length);
  for (let i = 0; i < next.length; i++) {
    const here = point[i]!, low = Math.fround(x[i]! - radius), high = Math.fround(x[i]! + radius);
    const ascended = Math.fround(here + stepSize * Math.sign(gradient[i]!));
    const z = clip01(Math.min(Math.max(ascended, low), high));
    next[i] = clip01(Math.min(Math.max(mixed(here, before[i]!, z, keep), low), high));
  }
  return next;
}

/** x_k + a·(z − x_k) + (1 − a)·(x_k − x_{k−1}) of one pixel. */
function mixed(here: number, before: number, z: number, keep: number): number {
  const towards = Math.fround(Math.fround(z - here) * keep);
  const momentum = Math.fround(Math.fround(here - before) * (1 - keep));
  return Math.fround(Math.fround(here + towards) + momentum);
}

function gradientStepL2({ point, gradient, stepSize }: Standing): Float32Array {
  const scale = stepSize / (euclidean(gradient) + TINY);
  return point.map((value, i) => value + scale * gradient[i]!);
}

/** x + v·min(ε, ‖v‖)/(‖v‖ + 1e-12) with v = image − x, clipped to 0..1, in place. */
function ontoL2Ball(image: Float32Array, x: Float32Array, epsilon: number): Float32Array {
  const offset = image.map((value, i) => value - x[i]!);
  const length = euclidean(offset);
  const scale = Math.min(epsilon, length) / (length + TINY);
  for (let i = 0; i < image.length; i++) image[i] = clip01(x[i]! + scale * offset[i]!);
  return image;
}

function largest(values: Float32Array): number {
  let result = 0;
  for (let i = 0; i < values.length; i++) result = Math.max(result, Math.abs(values[i]!));
  return result;
}

function euclidean(values: Float32Array): number {
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += values[i]! * values[i]!;
  return Math.sqrt(squares);
}

/** Which decision boundary FAB heads for: the one to a given class, or the one that looks nearest from where it stands.
 *  Croce and Hein 2020, arXiv:1907.02044, section 3.2; the targeted form as in the public AutoAttack code. @module */

import * as tf from "@tensorflow/tfjs";
import type { Norm } from "./attack.ts";
import type { FindBoundaries } from "./fab_steps.ts";
import { logitDifference } from "./losses.ts";
import type { Query } from "./query.ts";

/** The boundaries between each image's label and its target class. One gradient. */
export function boundariesTo(query: Query, labels: Int32Array, targets: Int32Array): FindBoundaries {
  return async (points) => {
    const { losses, gradient } = await query.gradient(
      points,
      // the tensors belong to the query's tidy scope
      (logits) => logitDifference(logits, tf.tensor1d(labels), tf.tensor1d(targets), query.classes),
    );
    return { differences: losses, gradients: gradient };
  };
}

/** Keeps the distance to a boundary defined where its gradient is 0. */
const TINY = 1e-12;

/** For each image the boundary to the class k with the least |z_k − z_y|/‖∇(z_k − z_y)‖, in the dual norm. A gradient for
 *  every class but the label's. */
export function nearestBoundaries(query: Query, labels: Int32Array, norm: Norm): FindBoundaries {
  const { classes, pixels } = query;
  const others = Array.from({ length: classes - 1 }, (_, k) => {
    return boundariesTo(query, labels, labels.map((label) => (label + 1 + k) % classes));
  });
  return async (points) => {
    const nearest = new Float64Array(labels.length).fill(Infinity);
    const differences = new Float32Array(labels.length), gradients = new Float32Array(points.length);
    for (const find of others) {
      const found = await find(points);
      labels.forEach((_, row) => {
        const gradient = found.gradients.subarray(row * pixels, (row + 1) * pixels);
        const distance = Math.abs(found.differences[row]!) / (TINY + dualNorm(norm, gradient));
        if (!(distance < nearest[row]!)) return;
        nearest[row] = distance;
        differences[row] = found.differences[row]!;
        gradients.set(gradient, row * pixels);
      });
    }
    return { differences, gradients };
  };
}

/** L1 for L∞, L2 for L2. */
function dualNorm(norm: Norm, values: Float32Array): number {
  let sum = 0;
  if (norm === "linf") {
    for (let i = 0; i < values.length; i++) sum += Math.abs(values[i]!);
    return sum;
  }
  for (let i = 0; i < values.length; i++) sum += values[i]! * values[i]!;
  return Math.sqrt(sum);
}

/**
 * Classes other than the label by their logits on the clean image, the largest first; row after row, `[batch][classes − 1]`.
 *
 * @param logits `[batch · classes]`.
 */
export function rankedTargets(logits: Float32Array, labels: Int32Array, classes: number): Int32Array[] {
  return Array.from(labels, (label, row) => {
    const own = logits.subarray(row * classes, (row + 1) * classes);
    const others = Int32Array.from(own.keys()).filter((k) => k !== label);
    return others.sort((a, b) => own[b]! - own[a]! || a - b);
  });
}

/** Some images of a batch. @module */

import * as tf from "@tensorflow/tfjs";
import type { AttackBatch } from "./attack.ts";

/** The images at `rows`, in that order; the caller disposes x and y. */
export function partOfBatch({ x, y, ids }: AttackBatch, rows: readonly number[]): AttackBatch {
  const indices = [...rows];
  return { x: tf.gather(x, indices), y: tf.gather(y, indices), ids: Uint32Array.from(indices, (row) => ids[row]!) };
}

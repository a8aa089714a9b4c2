/** Sums over a batch in the order that the team prescribes: inside each shard, then over the shards along a binary tree
 *  by halves, tree([a, b)) = tree(left half) + tree(right half). Empty shards are left out, not added as zeros. So two
 *  workers that each sum their half of the shards, and then add, get the same bits as one. @module */

import type * as tf from "@tensorflow/tfjs";
import { pointerOf, sizeOf, type WasmBackend } from "./heap.ts";
import { assembly } from "./module.ts";

/** Writes the sum over examples [first, end), at least one, to the floats at address `to`, whatever they were. */
export type SumShard = (first: number, end: number, to: number) => void;

/**
 * Sum of a tensor of `shape` over all examples; zeros where there are none. The caller disposes its data.
 *
 * @param bounds Shard i is examples [bounds[i], bounds[i+1]), as `Team.shardBounds` gives them; a power of two shards.
 */
export function sumShards(
  bounds: readonly number[],
  shape: readonly number[],
  backend: WasmBackend,
  sumShard: SumShard,
): tf.TensorInfo {
  const total = backend.makeOutput(shape, "float32");
  const size = sizeOf(shape);
  const partials: tf.TensorInfo[] = []; // one for each level of the tree whose right half is being summed
  const partialAt = (depth: number) => partials[depth] ??= backend.makeOutput(shape, "float32");
  const sumTree = (begin: number, end: number, to: number, depth: number): boolean => {
    if (bounds[begin] === bounds[end]) return false;
    if (end - begin === 1) {
      sumShard(bounds[begin]!, bounds[end]!, to);
      return true;
    }
    const middle = (begin + end) / 2;
    if (!sumTree(begin, middle, to, depth + 1)) return sumTree(middle, end, to, depth + 1);
    if (bounds[middle] === bounds[end]) return true;
    const partial = pointerOf(backend, partialAt(depth));
    sumTree(middle, end, partial, depth + 1);
    assembly().addTo(to, partial, size);
    return true;
  };
  const to = pointerOf(backend, total);
  if (!sumTree(0, bounds.length - 1, to, 0)) assembly().fillZeros(to, size);
  for (const partial of partials) if (partial !== undefined) backend.disposeData(partial.dataId);
  return total;
}

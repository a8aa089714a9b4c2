/** Sums over shards by hand, for tests. @module */

/** A made-up sum for each shard, or null where the shard is empty. */
export function shardTerms(bounds: readonly number[], length: number): (Float32Array | null)[] {
  return bounds.slice(1).map((end, shard) => {
    if (end === bounds[shard]) return null;
    return Float32Array.from({ length }, (_, i) => Math.sin(1 + i + 1000 * shard) * 10 ** (shard % 4));
  });
}

/** The sum along a binary tree by halves; empty shards are left out. All zero where every shard is empty. */
export function treeSum(terms: readonly (Float32Array | null)[]): Float32Array {
  const tree = (parts: readonly (Float32Array | null)[]): Float32Array | null => {
    if (parts.length === 1) return parts[0]!;
    const left = tree(parts.slice(0, parts.length / 2)), right = tree(parts.slice(parts.length / 2));
    if (left === null || right === null) return left ?? right;
    return left.map((value, i) => value + right[i]!);
  };
  return tree(terms)?.slice() ?? new Float32Array();
}

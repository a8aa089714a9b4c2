/** A worker's place among the data-parallel workers that compute one step together. A batch is cut into a fixed number of
 *  shards; what is summed over the batch is summed inside each shard, then over the shards along a binary tree. Each
 *  worker owns a subtree, so the bits of a sum do not depend on how many workers there are. @module */

/** A run of examples [first, end) of a batch, or of shards. */
export interface Span {
  readonly first: number;
  readonly end: number;
}

/** The collectives that an engine is built on; all workers of a team make the same calls in the same order. */
export interface Team {
  /** 0 to size − 1. */
  readonly rank: number;
  /** Workers. */
  readonly size: number;
  /** Shards of a batch, a power of two of at least `size`. */
  readonly shards: number;
  /**
   * This worker's examples of a batch of `count`, and from now on the batch that sums are taken over. Where a worker
   * would get none, every worker computes the whole batch, which gives the same bits.
   */
  takeShare(count: number): Span;
  /**
   * Where the shards lie in this worker's share, as bounds of the local tensor's first axis: shard i of the share is
   * [bounds[i], bounds[i+1]). The number of shards in a share is a power of two; a shard may be empty.
   *
   * @param local Length of the local tensor's first axis.
   * @throws {RangeError} When it is not the length of the share that was taken, in a team of several workers.
   */
  shardBounds(local: number): readonly number[];
  /** Sums of arrays over all workers along the shard tree, in place. */
  allReduce(partials: readonly Float32Array[]): void;
  /** Every worker's values, by rank; the lengths are equal. */
  allGather(values: readonly number[]): number[][];
  /** Seconds that this worker has spent in the two calls above: waiting for the others, copying and adding. */
  readonly collectiveSeconds: () => number;
}

/** Bounds of nearly equal parts of `count` things: part i is [floor(i·count/parts), floor((i+1)·count/parts)). */
export function equalParts(count: number, parts: number): number[] {
  return Array.from({ length: parts + 1 }, (_, i) => Math.floor(i * count / parts));
}

/** A worker alone: its share is the whole batch. @throws {RangeError} When shards is not a power of two. */
export function soloTeam(shards: number): Team {
  checkShards(shards);
  return {
    rank: 0,
    size: 1,
    shards,
    takeShare: (count) => ({ first: 0, end: count }),
    shardBounds: (local) => equalParts(local, shards),
    allReduce: () => {},
    allGather: (values) => [[...values]],
    collectiveSeconds: () => 0,
  };
}

/** @throws {RangeError} When shards is not a power of two. */
export function checkShards(shards: number): void {
  if (!Number.isInteger(shards) || shards < 1 || !Number.isInteger(Math.log2(shards))) {
    throw new RangeError(`Cannot cut a batch into ${shards} shards: it must be a power of two, such as 8`);
  }
}

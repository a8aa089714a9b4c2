/** A Worker of a team for tests: joins, takes shares of batches, reduces and gathers, and posts what it got. @module */

import { joinTeam, shardsOfRanks, type TeamSeat } from "../shared_team.ts";
import { equalParts } from "../team.ts";
import { shardTerms, treeSum } from "./shard_sums.ts";

/** What a worker got from one batch. */
export interface TeamAnswer {
  readonly first: number;
  readonly end: number;
  readonly bounds: readonly number[];
  /** Sum over the whole batch of `length` columns. */
  readonly sum: Float32Array;
  readonly gathered: number[][];
}

/** Sums `length` columns over `count` examples, by all workers together. */
export interface TeamOrder {
  readonly seat: TeamSeat;
  readonly counts: readonly number[];
  readonly length: number;
}

self.onmessage = ({ data: { seat, counts, length } }: MessageEvent<TeamOrder>) => {
  const team = joinTeam(seat);
  try {
    self.postMessage(counts.map((count): TeamAnswer => {
      const { first, end } = team.takeShare(count);
      const bounds = team.shardBounds(end - first), all = equalParts(count, team.shards);
      const alone = end - first === count;
      const own = alone ? { first: 0, end: seat.shards } : shardsOfRanks(seat.size, seat.shards)[seat.rank]!;
      const sum = treeSum(shardTerms(all, length).slice(own.first, own.end));
      team.allReduce([sum.subarray(0, 5), sum.subarray(5)]);
      return { first, end, bounds, sum, gathered: team.allGather([team.rank, count]) };
    }));
  } catch (error) {
    self.postMessage((error as Error).name);
  }
};

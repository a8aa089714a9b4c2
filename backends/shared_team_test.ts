import assert from "node:assert/strict";
import { createTeamMemory, endTeam, joinTeam, shardsOfRanks } from "./shared_team.ts";
import { equalParts } from "./team.ts";
import { shardTerms, treeSum } from "./testing/shard_sums.ts";
import type { TeamAnswer, TeamOrder } from "./testing/team_worker.ts";

/** Lets a team of real Workers do an order; `act` may interfere before the answers come. */
async function teamwork(
  size: number,
  { act = () => {}, ...order }: Omit<TeamOrder, "seat"> & { act?: (memory: SharedArrayBuffer) => void },
): Promise<(TeamAnswer[] | string)[]> {
  const memory = createTeamMemory(size);
  const workers = Array.from({ length: size }, () => {
    return new Worker(new URL("./testing/team_worker.ts", import.meta.url), { type: "module" });
  });
  try {
    return await Promise.all(workers.map((worker, rank) => {
      const { promise, resolve, reject } = Promise.withResolvers<TeamAnswer[] | string>();
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(message));
      worker.postMessage({ ...order, seat: { rank, size, shards: 8, memory } });
      if (rank === size - 1) act(memory);
      return promise;
    }));
  } finally {
    endTeam(memory);
    for (const worker of workers) worker.terminate();
  }
}

for (const size of [1, 2, 3, 8]) {
  Deno.test(`${size} workers get the sum over 8 shards bit for bit, also of long arrays and small batches`, async () => {
    const counts = [64, 20, 3, 1, 64], length = 600_000; // more than two slots
    const answers = await teamwork(size, { counts, length }) as TeamAnswer[][];
    counts.forEach((count, batch) => {
      const expected = treeSum(shardTerms(equalParts(count, 8), length));
      for (const [rank, answer] of answers.entries()) {
        const { sum, gathered } = answer[batch]!;
        assert.ok(sum.length === length && sum.every((value, i) => value === expected[i]), `rank ${rank} of ${count}`);
        assert.deepEqual(gathered, answers.map((_, other) => [other, count]));
      }
      const shares = answers.map((answer) => answer[batch]!), together = shares[0]!.end < count || size === 1;
      if (together) {
        assert.deepEqual(shares.map(({ first }) => first), [
          0,
          ...shares.slice(0, -1).map(({ end }) => end),
        ]);
      } else shares.forEach(({ first, end }) => assert.deepEqual([first, end], [0, count]));
      assert.equal(shares.at(-1)!.end, count);
    });
  });
}

Deno.test("a batch that leaves no worker idle is shared, a smaller one is computed by each worker whole", async () => {
  const [[shared, whole]] = await teamwork(2, { counts: [5, 1], length: 10 }) as [TeamAnswer[]];
  assert.deepEqual([shared!.first, shared!.end, shared!.bounds], [0, 2, [0, 0, 1, 1, 2]]);
  assert.deepEqual([whole!.first, whole!.end, whole!.bounds], [0, 1, [0, 0, 0, 0, 0, 0, 0, 0, 1]]);
});

Deno.test("ending a team frees the workers that wait for one that never comes", async () => {
  const memory = createTeamMemory(3);
  const worker = new Worker(new URL("./testing/team_worker.ts", import.meta.url), { type: "module" });
  try {
    const answer = new Promise<unknown>((resolve) => worker.onmessage = ({ data }) => resolve(data));
    worker.postMessage({ seat: { rank: 1, size: 3, shards: 8, memory }, counts: [16], length: 10 });
    await new Promise((resolve) => setTimeout(resolve, 300)); // it sleeps at the barrier by now
    endTeam(memory);
    assert.equal(await answer, "TeamEnded");
  } finally {
    worker.terminate();
  }
});

Deno.test("shardsOfRanks() gives each worker a subtree of the shards", () => {
  const spans = (size: number) => shardsOfRanks(size, 8).map(({ first, end }) => [first, end]);
  assert.deepEqual(spans(1), [[0, 8]]);
  assert.deepEqual(spans(2), [[0, 4], [4, 8]]);
  assert.deepEqual(spans(3), [[0, 2], [2, 4], [4, 8]]);
  assert.deepEqual(spans(5), [[0, 1], [1, 2], [2, 4], [4, 6], [6, 8]]);
});

Deno.test("joinTeam() refuses shards that do not make a tree, and more workers than shards", () => {
  const join = (size: number, shards: number) => joinTeam({ rank: 0, size, shards, memory: createTeamMemory(size) });
  assert.throws(() => join(2, 6), /Cannot cut a batch into 6 shards: it must be a power of two/);
  assert.throws(() => join(4, 2), /Cannot share 2 shards among 4 workers: use at most 2/);
});

Deno.test("sums over another number of examples than the share's are refused", () => {
  const team = joinTeam({ rank: 1, size: 2, shards: 8, memory: createTeamMemory(2) });
  team.takeShare(20);
  assert.throws(() => team.shardBounds(20), /Cannot sum over 20 examples: this worker's share holds 10/);
});

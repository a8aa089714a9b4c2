/** The same bits on any number of workers. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { createTeamMemory, endTeam } from "../backends/shared_team.ts";
import { withTemporaryFolder } from "../files/_temporary_folder.ts";
import type { OptionValues } from "../models/options.ts";
import { loadSuite } from "./load_suite.ts";
import { runSuite } from "./local_executor.ts";
import { planRuns } from "./run_config.ts";
import type { StepsOrder } from "./testing/steps_worker.ts";

/** What each worker of a team of real Workers says at the end; the team is ended with the first complaint. */
async function trainSteps(size: number, order: Omit<StepsOrder, "seat">): Promise<string[]> {
  const memory = createTeamMemory(size);
  const workers = Array.from({ length: size }, () => {
    return new Worker(new URL("./testing/steps_worker.ts", import.meta.url), { type: "module" });
  });
  try {
    return await Promise.all(workers.map((worker, rank) => {
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      worker.onmessage = ({ data }: MessageEvent<string>) => {
        if (data.startsWith("Error")) endTeam(memory);
        resolve(data);
      };
      worker.onerror = ({ message }) => reject(new Error(message));
      worker.postMessage({ ...order, seat: { rank, size, shards: 8, memory } });
      return promise;
    }));
  } finally {
    endTeam(memory);
    for (const worker of workers) worker.terminate();
  }
}

const suite = await loadSuite("smoke");
const sizes = [1, 2, 3, 8];
const { config } = planRuns(suite)[0]!;
const { optimizer } = planRuns(suite)[2]!.config; // sgd shows every bit of a gradient, where Adam's first step hides them
const batches = [20, 20, 5, 1]; // none divides by 8, and the last leaves workers without examples

/** Name and options beside ε; every kind of method that shares a batch in its own way. */
const methods: [string, OptionValues][] = [
  ["natural", {}],
  ["pgd-2", {}],
  ["yopo-2-2", {}],
  ["yopo-2-2", { variant: "official-torch1", passMode: "evaluation" }],
  ["free-2", {}],
  ["free-2", { variant: "fast" }],
  ["trades-2", {}],
  ["trades-yopo-2-2", {}],
];

const configs = methods.map(([name, options]) => {
  return { ...config, optimizer, method: { name, options: name === "natural" ? {} : { epsilon: 0.2, ...options } } };
});

for (const net of ["small-cnn", "tiny-bn"] as const) {
  Deno.test(`steps of every method give ${net} the same weights on 1, 2, 3 and 8 workers`, async () => {
    const hashes: string[][] = [];
    for (const size of sizes) {
      hashes.push(...(await trainSteps(size, { net, configs, batches })).map((posted) => posted.split(" ")));
    }
    assert.equal(hashes.length, 14);
    const [alone] = hashes;
    alone!.forEach((hash) => assert.match(hash, /^[0-9a-f]{64}$/));
    assert.equal(new Set(alone).size, methods.length);
    methods.forEach(([name, options], i) => {
      const all = new Set(hashes.map((ofWorker) => ofWorker[i]));
      assert.deepEqual([...all], [alone![i]], `${name} ${JSON.stringify(options)}`);
    });
  });
}

Deno.test("a worker that throws in mid-training frees the others", async () => {
  const [first, faulty] = await trainSteps(2, { net: "small-cnn", configs: [config], batches: [20, 20], faulty: 1 });
  assert.match(faulty!, /rank 1 is out of tea/);
  assert.match(first!, /^TeamEnded/);
});

Deno.test("a suite's records are equal on 1 and 2 workers but for their times", () =>
  withTemporaryFolder(async (folder) => {
    const records = await Promise.all([1, 2].map(async (workers) => {
      const options = {
        out: join(folder, `${workers}`),
        engine: { engine: "wasm", workers },
        force: false,
        command: "x",
        cache: join(folder, "cache"),
      } as const;
      const { status, result } = await runSuite(suite, options, () => {}, new AbortController().signal);
      assert.equal(status, "complete");
      assert.deepEqual(result.runs.map(({ engine }) => [engine!.workers, engine!.shards]), Array(3).fill([workers, 8]));
      return result.runs.map(({ weightsSha256, engineKey, id, points, final }) => {
        const untimed = JSON.stringify({ points, final }, (key, value) => /seconds$/i.test(key) ? undefined : value);
        return { weightsSha256, engineKey, id, untimed };
      });
    }));
    assert.deepEqual(records[1], records[0]);
  }));

import assert from "node:assert/strict";
import { UsageError } from "./usage_error.ts";
import { planEngine } from "./engine_request.ts";

async function refusal(work: Promise<unknown>): Promise<string> {
  const error = await work.then(() => assert.fail("nothing was refused"), (reason: unknown) => reason);
  assert.ok(error instanceof UsageError, String(error));
  return error.message;
}

Deno.test("workers are the largest power of two that cores and shards allow", async () => {
  const workers = async (cores: number, shards: number | null = null) =>
    (await planEngine({ engine: "wasm", shards }, cores)).workers;
  assert.deepEqual(await Promise.all([1, 2, 3, 7, 8, 64].map((cores) => workers(cores))), [1, 2, 2, 4, 8, 8]);
  assert.equal(await workers(64, 16), 16);
  assert.equal(await workers(8, 1), 1);
});

Deno.test("auto takes an engine that has what was asked for, and says why not the others", async () => {
  const fma = await planEngine({ engine: "auto", precision: "f32-fma" });
  assert.equal(fma.engine, "wasm");
  assert.match(fma.reason, /^the fastest that runs here; not tensorflow: /);
  assert.equal((await planEngine({ engine: "auto", workers: 2 })).engine, "wasm");
  assert.equal((await planEngine({ engine: "auto", shards: 4 })).engine, "wasm");
  assert.match(await refusal(planEngine({ engine: "auto", precision: "bf16", workers: 2 })), /^Cannot find an engine/);
});

Deno.test("what an engine has not is refused in one line", async () => {
  assert.match(
    await refusal(planEngine({ engine: "cpu", precision: "f32-fma" })),
    /precision fma with engine cpu: it has f32$/,
  );
  assert.match(await refusal(planEngine({ engine: "cpu", workers: 2 })), /it computes a batch at once/);
  assert.match(await refusal(planEngine({ engine: "cpu", shards: 2 })), /it computes a batch at once/);
  assert.match(await refusal(planEngine({ engine: "wasm", workers: 9 })), /use at most 8 workers, or more shards/);
  assert.match(await refusal(planEngine({ engine: "wasm", shards: 6 })), /6 shards: it must be a power of two/);
});

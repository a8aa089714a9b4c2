import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { cpuEngine } from "../backends/cpu.ts";
import { guardHeap, heapOfEngine } from "../backends/engine_memory.ts";
import { engines } from "../backends/registry.ts";
import { checkBatchFits, checkEvaluationFits, measureDemand } from "./fit_batch.ts";
import { costConfig } from "./cost_config.ts";
import type { RunConfig } from "./suite.ts";
import { madeUpBatch, trainBatch } from "./train_step.ts";
import { createTrainer, disposeTrainer } from "./trainer.ts";
import { UsageError } from "./usage_error.ts";

const config = (batch: number, model = "tiny-cnn"): RunConfig =>
  costConfig({
    model: { name: model, options: {} },
    method: { name: "pgd-2", options: {} },
    threat: { norm: "linf", epsilon: 0.1 },
    batch,
    steps: 1,
  });

for (const definition of engines) {
  const { available } = await definition.available();
  Deno.test({
    name: `measureDemand() foretells what a larger step holds on ${definition.name}`,
    ignore: !available,
    async fn() {
      const engine = await definition.open(), images = 256;
      const demand = await measureDemand(engine, config(1));
      const foretold = Math.max(...demand.map(({ fixed, perImage }) => fixed + perImage * images));
      const trainer = createTrainer(engine, config(images));
      const { peakBytes } = await tf.profile(async () => {
        await trainBatch(trainer, madeUpBatch(trainer, 0), { epoch: 0, step: 0, stepsPerEpoch: 1, totalSteps: 1 });
        return [];
      });
      disposeTrainer(trainer);
      assert.ok(Math.abs(foretold - peakBytes) <= 0.02 * peakBytes, `${foretold} foretold, ${peakBytes} held`);
    },
  });
}

Deno.test("checkBatchFits() lets an ordinary batch pass without a step", async () => {
  const engine = await cpuEngine.open();
  const { kernels } = await tf.profile(async () => {
    await checkBatchFits(engine, config(128, "small-cnn"), 100);
    return [];
  });
  assert.ok(kernels.every(({ name }) => name !== "Conv2D"));
});

const wasm = engines.find(({ name }) => name === "wasm")!;

Deno.test("checkBatchFits() refuses what the wasm heap cannot hold, and names a batch that it can", async () => {
  const engine = await wasm.open(), before = heapOfEngine(engine)!.bytes;
  let most = 0;
  await assert.rejects(checkBatchFits(engine, config(65536, "small-cnn")), (error: Error) => {
    const line =
      /^Cannot train small-cnn with batch 65536 on wasm: it needs about [\d.]+ GiB and .*; use a batch of at most (\d+)$/;
    most = Number(line.exec(error.message)?.[1]);
    assert.ok(error instanceof UsageError && most >= 1 && most < 65536, error.message);
    return true;
  });
  await checkBatchFits(engine, config(Math.floor(0.9 * most), "small-cnn")); // free memory may change between the two
  assert.ok(heapOfEngine(engine)!.bytes - before < 64 * 2 ** 20, "finding out takes little memory itself");
});

Deno.test("checkBatchFits() refuses a batch of the evaluation as well", async () => {
  const engine = await wasm.open();
  await assert.rejects(
    checkBatchFits(engine, config(8, "small-cnn"), 65536),
    /^UsageError: Cannot evaluate small-cnn with batch 65536 on wasm: /,
  );
  await assert.rejects(
    checkEvaluationFits(engine, { name: "small-cnn", options: {} }, 65536),
    /^UsageError: Cannot evaluate small-cnn with batch 65536 on wasm: /,
  );
  await checkEvaluationFits(engine, { name: "small-cnn", options: {} }, 100);
});

Deno.test("a full wasm heap throws once it is guarded, and what it holds stays whole", async () => {
  const engine = await wasm.open();
  guardHeap();
  const held = tf.tensor1d([1, 2, 3]);
  assert.throws(() => tf.tidy(() => tf.zeros([2 ** 30, 2])), /Cannot hold 8589934592 bytes more/);
  assert.deepEqual([...held.dataSync()], [1, 2, 3]);
  held.dispose();
  assert.ok(heapOfEngine(engine)!.bytes < heapOfEngine(engine)!.limitBytes);
});

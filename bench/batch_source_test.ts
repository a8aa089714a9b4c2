import assert from "node:assert/strict";
import { epochBatches } from "../data/batches.ts";
import { findDataset } from "../data/registry.ts";
import { findMethod } from "../training/registry.ts";
import { apartFromCheckpoints, smokeJob, type SmokeRun, smokeRun } from "./_smoke_run.ts";
import { type BatchSource, openBatches, startBatchWorker } from "./batch_source.ts";
import { EngineTeam } from "./engine_team.ts";

const CROP_FLIP = "augmentation=crop-flip";

for (const augmentation of ["none", "crop-flip"] as const) {
  Deno.test(`openBatches() with augmentation ${augmentation} gives whole epochs and a part of one, from any step, and then no more`, async () => {
    const dataset = await findDataset("synthetic").load({ shape: [6, 6, 1], train: 10 }, { cache: "unused" });
    const config = { augmentation, batch: 4, seed: 3 };
    const method = findMethod("free-2", { epsilon: 0.1 }); // 3 batches an epoch, each 2 steps
    const worker = await startBatchWorker(config), course = { stepsPerEpoch: 6, totalSteps: 10 };
    const source = openBatches({ job: { config }, method, record: { step: 0 } }, { ...course, dataset }, worker);
    const expected = [0, 1].flatMap((epoch) => {
      const augment = { augmentation, shape: dataset.shape };
      const made = epochBatches(dataset.train, { seed: 3, epoch, batchSize: 4, augment });
      return [...made].map((batch, step) => ({ batch, epoch, step }));
    });
    try {
      assert.deepEqual(await takeAll(source), expected.slice(0, 5));
      assert.equal(worker === null, augmentation === "none");
    } finally {
      source.close();
    }
    for (const step of [2, 6, 8, 10]) {
      const rest = openBatches(
        { job: { config }, method, record: { step } },
        { ...course, dataset },
        await startBatchWorker(config),
      );
      try {
        assert.deepEqual(await takeAll(rest), expected.slice(step / 2, 5), `from step ${step}`);
      } finally {
        rest.close();
      }
    }
  });
}

async function takeAll(source: BatchSource) {
  const taken = [];
  for (let next = await source.next(); next !== undefined; next = await source.next()) {
    taken.push(next);
    await source.settle();
  }
  return taken;
}

Deno.test("an augmented run has the switches of the clock of any run, and records what it waited for batches", async () => {
  const plain = await smokeRun(), augmented = await smokeRun({ set: [CROP_FLIP] });
  assert.deepEqual(apartFromCheckpoints(augmented.clock.switches), apartFromCheckpoints(plain.clock.switches));
  const { dataWaitSeconds, trainSeconds } = augmented.end.cost!;
  assert.ok(0 < dataWaitSeconds! && dataWaitSeconds! < trainSeconds);
  assert.equal(plain.end.cost!.dataWaitSeconds, 0);
  assert.notEqual(augmented.saved[0]!.weightsSha256, plain.saved[0]!.weightsSha256);
  assert.equal(augmented.saved[0]!.weightsSha256, (await smokeRun({ set: [CROP_FLIP] })).saved[0]!.weightsSha256);
});

/** The Workers that `work` started in this thread, and those of them that it left running. */
async function countWorkers(work: () => Promise<void>): Promise<{ started: number; left: number }> {
  const Original = globalThis.Worker, started: Worker[] = [], ended = new Set<Worker>();
  globalThis.Worker = class extends Original {
    constructor(...given: ConstructorParameters<typeof Worker>) {
      super(...given);
      started.push(this);
    }

    override terminate(): void {
      ended.add(this);
      super.terminate();
    }
  };
  try {
    await work();
  } finally {
    globalThis.Worker = Original;
  }
  return { started: started.length, left: started.length - ended.size };
}

const endings: readonly (SmokeRun & { readonly what: string; readonly status: string })[] = [
  { what: "comes to its end", status: "completed" },
  { what: "is stopped", shouldStop: () => true, status: "interrupted" },
  { what: "diverges", set: ["runs.natural.optimizer.learningRate=1e38"], status: "diverged" },
  { what: "cannot begin", set: ["final.count=1000"], status: "failed" },
];
for (const { what, status, set = [], ...given } of endings) {
  Deno.test(`an augmented run that ${what} leaves no Worker behind`, async () => {
    const workers = await countWorkers(async () => {
      const { end } = await smokeRun({ ...given, set: [CROP_FLIP, ...set] });
      assert.equal(end.status, status);
    });
    assert.deepEqual(workers, { started: 1, left: 0 });
  });
}

Deno.test("two workers, each with its own prefetching, train an augmented run as one does", async () => {
  const weightsOf = async (workers: number) => {
    const team = new EngineTeam({ engine: "wasm", precision: "f32", workers, shards: 8, reason: "a test" });
    const weights: string[] = [];
    try {
      await team.open();
      const job = await smokeJob({ label: "yopo-3-2", set: [CROP_FLIP] });
      await team.run(job, (message) => {
        if (message.kind === "weights") weights.push(message.weights.weightsSha256);
      }, new AbortController().signal);
    } finally {
      team.close();
    }
    return weights;
  };
  const alone = await weightsOf(1);
  assert.ok(alone.length >= 2);
  assert.deepEqual(await weightsOf(2), alone);
});

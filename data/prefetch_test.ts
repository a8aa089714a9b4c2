import assert from "node:assert/strict";
import { type BatchCourse, epochBatches, type PlacedBatch } from "./batches.ts";
import type { Split } from "./dataset.ts";
import { PrefetchedBatches } from "./prefetch.ts";

const split: Split = {
  name: "train",
  images: Uint8Array.from({ length: 10 * 4 * 4 * 3 }, (_, i) => i * 7 % 256),
  labels: Uint8Array.from({ length: 10 }, (_, i) => i),
  ids: Uint32Array.from({ length: 10 }, (_, i) => 50 + i),
};
const augment = { augmentation: "crop-flip", shape: [4, 4, 3] } as const;
const course: BatchCourse = { split, seed: 6, batchSize: 4, augment, epochs: { first: 0, startStep: 0 }, batches: 8 };

/** Three epochs of three steps, made here. */
const expected: readonly PlacedBatch[] = [0, 1, 2].flatMap((epoch) =>
  [...epochBatches(split, { seed: 6, epoch, batchSize: 4, augment })].map((batch, step) => ({ batch, epoch, step }))
);

async function take(course: BatchCourse): Promise<PlacedBatch[]> {
  const source = new PrefetchedBatches(course), taken: PlacedBatch[] = [];
  try {
    for (let next = await source.next(); next !== undefined; next = await source.next()) taken.push(next);
    assert.equal(await source.next(), undefined);
  } finally {
    source.close();
  }
  return taken;
}

Deno.test("PrefetchedBatches gives the batches of epochBatches() bit for bit, over epochs and up to their number", async () => {
  assert.deepEqual(await take(course), expected.slice(0, 8));
});

Deno.test("PrefetchedBatches begins in the middle of an epoch", async () => {
  assert.deepEqual(
    await take({ ...course, epochs: { first: 1, startStep: 2 }, batches: 3 }),
    expected.slice(5, 8),
  );
});

Deno.test("PrefetchedBatches gives the same from images in shared memory", async () => {
  const images = new Uint8Array(new SharedArrayBuffer(split.images.length));
  images.set(split.images);
  assert.deepEqual(await take({ ...course, split: { ...split, images } }), expected.slice(0, 8));
});

Deno.test("PrefetchedBatches makes two batches ahead and no more until one is taken", async () => {
  const images = new Uint8Array(new SharedArrayBuffer(split.images.length));
  images.set(split.images);
  const source = new PrefetchedBatches({ ...course, split: { ...split, images } });
  try {
    await source.settle();
    // what is made from now on is black
    images.fill(0);
    assert.deepEqual(await source.next(), expected[0]);
    assert.deepEqual(await source.next(), expected[1]);
    assert.ok((await source.next())!.batch.x.every((value) => value === 0));
    assert.ok(source.waitSeconds > 0);
  } finally {
    source.close();
  }
});

Deno.test("PrefetchedBatches tells what went wrong in its Worker, each time it is asked", async () => {
  const wrong: readonly [Partial<BatchCourse>, string][] = [
    [{ batchSize: 0 }, "Cannot make batches of size 0: it must be an integer of at least 1"],
    [
      { split: { ...split, images: new Uint8Array(), labels: new Uint8Array(), ids: new Uint32Array() } },
      'split "train" is empty',
    ],
    [
      { augment: { ...augment, shape: [4, 4, 1] } },
      "Cannot crop images of 48 bytes as [4,4,1]: the shape must have as many",
    ],
  ];
  for (const [change, reason] of wrong) {
    const source = new PrefetchedBatches({ ...course, ...change });
    try {
      for (let i = 0; i < 4; i++) {
        await assert.rejects(source.next(), { message: `Cannot make the next batch: ${reason}` });
      }
      await source.settle();
    } finally {
      source.close();
    }
  }
});

Deno.test("PrefetchedBatches that is closed answers whoever waits", async () => {
  const source = new PrefetchedBatches(course), waiting = source.next(), settled = source.settle();
  source.close();
  await assert.rejects(waiting, { message: "Cannot make the next batch: the source is closed" });
  await settled;
  await assert.rejects(source.next(), { message: "Cannot make the next batch: the source is closed" });
});

Deno.test("PrefetchedBatches works inside a Worker", async () => {
  const script = `
    import { PrefetchedBatches } from ${JSON.stringify(new URL("./prefetch.ts", import.meta.url).href)};
    self.onmessage = async ({ data }) => {
      const source = new PrefetchedBatches(data);
      self.postMessage(await source.next());
      source.close();
    };`;
  const worker = new Worker(`data:text/javascript,${encodeURIComponent(script)}`, { type: "module" });
  try {
    const answer = new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = (event) => {
        event.preventDefault();
        reject(new Error(event.message));
      };
    });
    worker.postMessage(course);
    assert.deepEqual(await answer, expected[0]);
  } finally {
    worker.terminate();
  }
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { batch, epochBatches, epochOrder, stepsPerEpoch, subset } from "./batches.ts";
import type { Split } from "./dataset.ts";

/** Images of 2x1 pixels: image i has bytes i and 255 - i, label i modulo 7 and id 100 + i. */
function split(count: number): Split {
  const positions = Uint8Array.from({ length: count }, (_, i) => i);
  return {
    name: "train",
    images: Uint8Array.from({ length: 2 * count }, (_, i) => i % 2 === 0 ? i / 2 : 255 - (i - 1) / 2),
    labels: positions.map((i) => i % 7),
    ids: Uint32Array.from(positions, (i) => 100 + i),
  };
}

const epoch = fc.record({
  count: fc.integer({ min: 0, max: 100 }),
  seed: fc.integer({ min: 0, max: 0xffffffff }),
  epoch: fc.integer({ min: 0, max: 1000 }),
  batchSize: fc.integer({ min: 1, max: 120 }),
  shuffle: fc.boolean(),
});

Deno.test("epochBatches() gives every image exactly once for any size", () => {
  fc.assert(
    fc.property(epoch, ({ count, ...options }) => {
      const batches = [...epochBatches(split(count), options)];
      const ids = batches.flatMap((part) => [...part.ids]).sort((a, b) => a - b);
      assert.deepEqual(ids, [...split(count).ids]);
      assert.equal(batches.length, stepsPerEpoch(count, options.batchSize));
      assert.ok(batches.slice(0, -1).every((part) => part.count === options.batchSize));
    }),
    { seed: 1 },
  );
});

Deno.test("epochBatches() started at any step gives the tail of the whole epoch", () => {
  fc.assert(
    fc.property(epoch, fc.nat(), ({ count, ...options }, pick) => {
      const whole = [...epochBatches(split(count), options)];
      const startStep = pick % (whole.length + 1);
      assert.deepEqual([...epochBatches(split(count), { ...options, startStep })], whole.slice(startStep));
    }),
    { seed: 2 },
  );
});

Deno.test("epochBatches() keeps pixels, label and id of an image together", () => {
  for (const part of epochBatches(split(50), { seed: 3, epoch: 1, batchSize: 8 })) {
    part.ids.forEach((id, i) => {
      const index = id - 100;
      assert.deepEqual([...part.x.subarray(2 * i, 2 * i + 2)], [index, 255 - index].map((v) => Math.fround(v / 255)));
      assert.equal(part.y[i], index % 7);
    });
  }
});

Deno.test("epochOrder() differs between epochs and seeds and is the index order without shuffling", () => {
  const order = epochOrder(100, { seed: 1, epoch: 0 });
  assert.deepEqual(epochOrder(100, { seed: 1, epoch: 0 }), order);
  assert.notDeepEqual(epochOrder(100, { seed: 1, epoch: 1 }), order);
  assert.notDeepEqual(epochOrder(100, { seed: 2, epoch: 0 }), order);
  assert.deepEqual([...epochOrder(4, { seed: 1, epoch: 5, shuffle: false })], [0, 1, 2, 3]);
});

Deno.test("batch() turns byte 0 into 0, byte 255 into 1 and every other into the nearest float32 of byte/255", () => {
  const images = Uint8Array.from({ length: 256 }, (_, i) => i);
  const one: Split = { name: "train", images, labels: Uint8Array.of(9), ids: Uint32Array.of(4) };
  const { x, y, ids, count } = batch(one, [0]);
  assert.deepEqual([...x], [...images].map((byte) => Math.fround(byte / 255)));
  assert.deepEqual([x[0], x[255], [...y], [...ids], count], [0, 1, [9], [4], 1]);
});

Deno.test("batch() may be empty and may repeat an image", () => {
  assert.deepEqual(batch(split(0), []), {
    x: new Float32Array(0),
    y: new Int32Array(0),
    ids: new Uint32Array(0),
    count: 0,
  });
  assert.deepEqual([...batch(split(3), [2, 2]).ids], [102, 102]);
});

Deno.test("batch() refuses positions outside the split", () => {
  for (const index of [-1, 3, 0.5, NaN]) {
    assert.throws(() => batch(split(3), [0, index]), {
      name: "RangeError",
      message: `Cannot take image ${index} of split "train": it has 3 images`,
    });
  }
});

Deno.test("subset() takes the first images with bytes of their own", () => {
  const whole = split(10), part = subset(whole, 4);
  assert.deepEqual([...part.ids], [100, 101, 102, 103]);
  assert.deepEqual([...part.images], [...whole.images.subarray(0, 8)]);
  assert.equal(part.labels.length, 4);
  assert.equal(part.images.buffer.byteLength, 8);
  assert.equal(subset(whole, 0).images.length, 0);
  assert.equal(subset(split(0), 0).images.length, 0);
});

Deno.test("subset() refuses more images than there are", () => {
  for (const count of [11, -1, 1.5, NaN]) {
    assert.throws(() => subset(split(10), count), {
      name: "RangeError",
      message: `Cannot take the first ${count} images of split "train": it has 10`,
    });
  }
});

Deno.test("stepsPerEpoch() counts the partial batch", () => {
  assert.deepEqual([0, 1, 8, 9, 16].map((count) => stepsPerEpoch(count, 8)), [0, 1, 1, 2, 2]);
});

Deno.test("epochBatches() refuses bad batch sizes and first steps", () => {
  for (const batchSize of [0, -1, 1.5, NaN]) {
    assert.throws(() => epochBatches(split(3), { seed: 0, epoch: 0, batchSize }).next(), {
      name: "RangeError",
      message: `Cannot make batches of size ${batchSize}: it must be an integer of at least 1`,
    });
  }
  for (const startStep of [-1, 3, 0.5]) {
    assert.throws(() => epochBatches(split(3), { seed: 0, epoch: 0, batchSize: 2, startStep }).next(), {
      name: "RangeError",
      message: `Cannot start an epoch at step ${startStep}: expected an integer from 0 to 2`,
    });
  }
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { cropFlip, drawCropFlip, type ImageShape, PADDING } from "./augment.ts";
import { epochBatches } from "./batches.ts";
import type { Split } from "./dataset.ts";

const shape: ImageShape = [5, 7, 3], size = 5 * 7 * 3, augment = { augmentation: "crop-flip", shape } as const;

/** Images whose bytes are all above 0, so that padding can be told from them. */
function split(count: number): Split {
  return {
    name: "train",
    images: Uint8Array.from({ length: count * size }, (_, i) => 1 + i * 31 % 255),
    labels: Uint8Array.from({ length: count }, (_, i) => i % 10),
    ids: Uint32Array.from({ length: count }, (_, i) => 900 + i),
  };
}

const image = split(1).images;
const drawn = fc.record({
  top: fc.integer({ min: 0, max: 2 * PADDING }),
  left: fc.integer({ min: 0, max: 2 * PADDING }),
  mirrored: fc.boolean(),
});

Deno.test("cropFlip() moves pixels by the crop, mirrors them, and puts zeros where the padding was", () => {
  const [height, width, channels] = shape;
  fc.assert(
    fc.property(drawn, (crop) => {
      const target = new Uint8Array(size).fill(77);
      cropFlip(image, shape, crop, target);
      // the padded image as a whole, then the crop, then the mirror: the definition, step by step
      const rows = height + 2 * PADDING,
        columns = width + 2 * PADDING,
        padded = new Uint8Array(rows * columns * channels);
      for (let y = 0; y < height; y++) {
        const row = image.subarray(y * width * channels, (y + 1) * width * channels);
        padded.set(row, ((y + PADDING) * columns + PADDING) * channels);
      }
      const expected = Array.from({ length: height }, (_, y) => {
        const row = Array.from({ length: width }, (_, x) => {
          const at = ((y + crop.top) * columns + x + crop.left) * channels;
          return [...padded.subarray(at, at + channels)];
        });
        return crop.mirrored ? row.reverse() : row;
      });
      assert.deepEqual([...target], expected.flat(2));
    }),
    { seed: 1 },
  );
});

Deno.test("cropFlip() from the middle leaves the image, and mirrored twice gives it back", () => {
  const once = new Uint8Array(size), twice = new Uint8Array(size);
  cropFlip(image, shape, { top: PADDING, left: PADDING, mirrored: false }, once);
  assert.deepEqual(once, image);
  cropFlip(image, shape, { top: PADDING, left: PADDING, mirrored: true }, once);
  assert.notDeepEqual(once, image);
  cropFlip(once, shape, { top: PADDING, left: PADDING, mirrored: true }, twice);
  assert.deepEqual(twice, image);
});

Deno.test("drawCropFlip() takes every place about equally often and mirrors about half", () => {
  const tops = new Uint32Array(9), lefts = new Uint32Array(9);
  let mirrored = 0;
  for (let id = 0; id < 9000; id++) {
    const crop = drawCropFlip(5, 2, id);
    tops[crop.top]! += 1;
    lefts[crop.left]! += 1;
    mirrored += Number(crop.mirrored);
  }
  // five standard deviations: 149 of 1,000 and 237 of 4,500
  for (const count of [...tops, ...lefts]) assert.ok(Math.abs(count - 1000) < 150, `${count}`);
  assert.ok(Math.abs(mirrored - 4500) < 238, `${mirrored}`);
});

/** Pixels by image id. */
function pixels(batches: Iterable<{ readonly x: Float32Array; readonly ids: Uint32Array }>): Map<number, string> {
  const found = new Map<number, string>();
  for (const { x, ids } of batches) ids.forEach((id, i) => found.set(id, x.slice(i * size, (i + 1) * size).join()));
  return found;
}

Deno.test("an augmented image is the same in every batch size and order, and when an epoch is resumed", () => {
  const options = { seed: 3, epoch: 4, augment };
  const whole = pixels(epochBatches(split(23), { ...options, batchSize: 23, shuffle: false }));
  assert.equal(whole.size, 23);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 30 }), fc.nat(), (batchSize, pick) => {
      const startStep = pick % Math.ceil(23 / batchSize);
      const resumed = pixels(epochBatches(split(23), { ...options, batchSize, startStep }));
      assert.equal(resumed.size, 23 - startStep * batchSize);
      for (const [id, x] of resumed) assert.equal(x, whole.get(id));
    }),
    { seed: 2 },
  );
});

Deno.test("augmentation differs between seeds and epochs, and none changes nothing", () => {
  const given = (seed: number, epoch: number) =>
    [...pixels(epochBatches(split(9), { seed, epoch, batchSize: 4, augment }))].sort();
  assert.notDeepEqual(given(1, 0), given(1, 1));
  assert.notDeepEqual(given(1, 0), given(2, 0));
  const options = { seed: 1, epoch: 0, batchSize: 4 };
  assert.deepEqual(
    [...epochBatches(split(9), { ...options, augment: { augmentation: "none", shape } })],
    [...epochBatches(split(9), options)],
  );
});

Deno.test("epochBatches() refuses to crop in another shape than the images have", () => {
  const options = { seed: 1, epoch: 0, batchSize: 4, augment: { ...augment, shape: [5, 7, 1] } } as const;
  assert.throws(() => epochBatches(split(2), options).next(), {
    name: "TypeError",
    message: "Cannot crop images of 105 bytes as [5,7,1]: the shape must have as many",
  });
});

import assert from "node:assert/strict";
import fc from "fast-check";
import type { Dataset, Split } from "./dataset.ts";
import { dataSha256 } from "./hash.ts";
import { synthetic } from "./synthetic.ts";

const place = { cache: "unused" };
const small = { shape: [8, 6, 2], classes: 4, train: 80, validation: 20, final: 40 };

Deno.test("synthetic gives any shape, classes and counts", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.tuple(...[1, 2, 3].map(() => fc.integer({ min: 1, max: 9 }))),
      fc.integer({ min: 2, max: 12 }),
      fc.record({
        train: fc.integer({ min: 1, max: 20 }),
        validation: fc.integer({ min: 0, max: 20 }),
        final: fc.integer({ min: 0, max: 20 }),
      }),
      async (shape, classes, counts) => {
        const data = await synthetic.load({ shape, classes, ...counts }, place);
        assert.deepEqual([data.shape, data.classes], [shape, classes]);
        const size = shape.reduce((a, b) => a * b);
        const ids = (["train", "validation", "final"] as const).flatMap((role) => {
          assert.equal(data[role].images.length, counts[role] * size);
          assert.ok(data[role].labels.every((label) => label < classes));
          return [...data[role].ids];
        });
        assert.deepEqual(ids, Array.from(ids, (_, i) => i));
      },
    ),
    { seed: 1, numRuns: 40 },
  );
});

Deno.test("synthetic is the same for the same options and another for another seed or noise", async () => {
  const hash = async (options: Record<string, unknown>) =>
    dataSha256(await synthetic.load({ ...small, ...options }, place));
  assert.equal(await hash({ seed: 3 }), await hash({ seed: 3 }));
  assert.notEqual(await hash({ seed: 3 }), await hash({ seed: 4 }));
  assert.notEqual(await hash({ noise: 0.1 }), await hash({ noise: 0.11 }));
});

Deno.test("synthetic names its last split held-out and balances the classes", async () => {
  const { train, validation, final } = await synthetic.load(small, place);
  assert.deepEqual([train.name, validation.name, final.name], ["train", "validation", "held-out"]);
  for (const { labels } of [train, validation, final]) {
    const counts = [0, 1, 2, 3].map((label) => labels.filter((other) => other === label).length);
    assert.equal(new Set(counts).size, 1);
  }
});

/** Fraction of `split` that the nearest class mean of the training images gets right. */
function nearestMeanAccuracy({ train, classes }: Dataset, split: Split): number {
  const size = train.images.length / train.labels.length;
  const means = Array.from({ length: classes }, () => new Float64Array(size));
  const perClass = train.labels.length / classes;
  train.images.forEach((pixel, i) => {
    means[train.labels[Math.floor(i / size)]!]![i % size]! += pixel / perClass;
  });
  const correct = split.labels.filter((label, i) => {
    const image = split.images.subarray(i * size, (i + 1) * size);
    const distances = means.map((mean) => image.reduce((sum, pixel, j) => sum + (pixel - mean[j]!) ** 2, 0));
    return distances.indexOf(Math.min(...distances)) === label;
  });
  return correct.length / split.labels.length;
}

Deno.test("synthetic can be learned, and with enough noise it cannot", async () => {
  const clear = await synthetic.load({ train: 200, final: 200, validation: 0 }, place);
  assert.ok(nearestMeanAccuracy(clear, clear.final) > 0.95);
  const noise = await synthetic.load({ shape: [4, 4, 1], train: 200, final: 200, validation: 0, noise: 10 }, place);
  assert.ok(nearestMeanAccuracy(noise, noise.final) < 0.5);
});

Deno.test("synthetic takes the first few training images where asked and leaves the other splits", async () => {
  const whole = await synthetic.load(small, place), few = await synthetic.load({ ...small, trainCount: 5 }, place);
  assert.deepEqual([...few.train.images], [...whole.train.images.subarray(0, 5 * 96)]);
  assert.deepEqual([few.validation, few.final], [whole.validation, whole.final]);
});

Deno.test("synthetic refuses more than 1 GiB before making anything", async () => {
  await assert.rejects(synthetic.load({ shape: [512, 512, 3], train: 1_000_000 }, place), {
    name: "RangeError",
    message: "Cannot make 788004864000 bytes of synthetic images: at most 1073741824 are made",
  });
});

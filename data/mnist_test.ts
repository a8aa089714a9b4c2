import assert from "node:assert/strict";
import { join } from "node:path";
import {
  fakeMnist,
  idx,
  testLabels,
  testPixels,
  trainLabels,
  trainPixels,
  withFolder,
  writeFiles,
} from "./_fake_mnist.ts";
import { getDataset } from "./download.ts";
import { checkDataset } from "./check.ts";
import { loadMnist, mnist } from "./mnist.ts";

const options = { validation: 5, trainCount: undefined };
const originals = join(import.meta.dirname!, "../../shared/data/mnist");

Deno.test("loadMnist() cuts the last training images off as validation and names the test images test", async () => {
  await withFolder(async (cache) => {
    const fake = fakeMnist();
    await writeFiles(fake, join(cache, "fake"));
    const { train, validation, final, shape, classes } = await loadMnist(fake.set, options, { cache });
    assert.deepEqual({ shape, classes }, { shape: [2, 3, 1], classes: 10 });
    assert.deepEqual([train.name, validation.name, final.name], ["train", "validation", "test"]);
    assert.deepEqual([...train.images, ...validation.images], [...trainPixels]);
    assert.deepEqual([...train.labels, ...validation.labels], [...trainLabels]);
    assert.deepEqual([...validation.ids], [7, 8, 9, 10, 11]);
    assert.deepEqual([...final.images], [...testPixels]);
    assert.deepEqual([...final.labels], [...testLabels]);
    assert.deepEqual([...final.ids], [12, 13, 14, 15]);
  });
});

Deno.test("loadMnist() trains on all images or the first few where asked, each split owning its bytes", async () => {
  await withFolder(async (cache) => {
    const fake = fakeMnist();
    await writeFiles(fake, join(cache, "fake"));
    const all = await loadMnist(fake.set, { ...options, validation: 0 }, { cache });
    assert.deepEqual([all.train.labels.length, all.validation.labels.length], [12, 0]);
    const few = await loadMnist(fake.set, { ...options, trainCount: 2 }, { cache });
    assert.deepEqual([...few.train.ids], [0, 1]);
    assert.deepEqual([...few.validation.ids], [7, 8, 9, 10, 11]);
    for (const split of [few.train, few.validation, few.final]) {
      assert.equal(split.images.buffer.byteLength, split.images.length);
    }
    await assert.rejects(loadMnist(fake.set, { ...options, trainCount: 8 }, { cache }), {
      name: "RangeError",
      message: `Cannot take the first 8 images of split "train": it has 7`,
    });
  });
});

/** Replacements whose hashes count as the original ones, so that what lies behind the hash is reached. */
const badContents: readonly [string, Record<string, Uint8Array>, string][] = [
  [
    "images with labels' magic number",
    { "train-images.gz": idx([72], trainPixels) },
    `Cannot read "PATH/train-images.gz" as IDX: it begins with 0x00000801, expected 0x00000803`,
  ],
  [
    "fewer labels than images",
    { "train-labels.gz": idx([11], trainLabels.subarray(1)) },
    `Cannot read "PATH/train-labels.gz" as IDX: its header states 11 elements, expected 12`,
  ],
  [
    "images cut off after the header's count",
    { "test-images.gz": idx([4, 2, 3], testPixels.subarray(1)) },
    `Cannot read "PATH/test-images.gz" as IDX: it has 39 bytes, 4x2x3 elements need 40`,
  ],
  [
    "more images than stated",
    { "train-images.gz": idx([12, 2, 3], [...trainPixels, 1]) },
    `Cannot unpack "PATH/train-images.gz": it holds more than the 88 bytes expected`,
  ],
  [
    "a label that is no digit",
    { "test-labels.gz": idx([4], [0, 1, 10, 2]) },
    `Cannot use "PATH/test-labels.gz": label 2 is 10, expected 0 to 9`,
  ],
];
for (const [what, unpacked, message] of badContents) {
  Deno.test(`loadMnist() refuses ${what}`, async () => {
    await withFolder(async (cache) => {
      const fake = fakeMnist(unpacked), folder = join(cache, "fake");
      await writeFiles(fake, folder);
      await assert.rejects(loadMnist(fake.set, options, { cache }), {
        problem: "wrong content",
        message: message.replace("PATH", folder),
      });
    });
  });
}

Deno.test("mnist.load() says how to get a missing or wrong file", async () => {
  await withFolder(async (cache) => {
    const path = join(cache, "mnist", "train-images-idx3-ubyte.gz");
    await assert.rejects(mnist.load({}, { cache }), {
      problem: "missing",
      message: `Cannot read "${path}": there is no such file; get it with "yopo-bench data get mnist"`,
    });
    await Deno.mkdir(join(cache, "mnist"));
    await Deno.writeFile(path, new Uint8Array(9_912_422));
    await assert.rejects(mnist.load({}, { cache }), { problem: "wrong hash" });
  });
});

Deno.test("the original files are taken from disk, checked and loaded", {
  ignore: !exists(originals), // the originals are not part of the project
}, async () => {
  await withFolder(async (cache) => {
    const gotten = await getDataset("mnist", { cache, from: originals });
    assert.deepEqual(gotten.map(({ origin }) => origin), ["disk", "disk", "disk", "disk"]);
    assert.deepEqual((await checkDataset("mnist", cache)).map(({ state }) => state), ["ok", "ok", "ok", "ok"]);
    const { train, validation, final } = await mnist.load({}, { cache });
    assert.deepEqual([train, validation, final].map(({ labels }) => labels.length), [55_000, 5_000, 10_000]);
    assert.equal(train.images.length, 55_000 * 784);
    // the first digits of both files, as pictures of MNIST show them
    assert.deepEqual([...train.labels.subarray(0, 5)], [5, 0, 4, 1, 9]);
    assert.deepEqual([...final.labels.subarray(0, 5)], [7, 2, 1, 0, 4]);
    assert.equal(final.ids[9_999], 69_999);
  });
});

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

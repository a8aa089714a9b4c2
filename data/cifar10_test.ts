import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { withFolder } from "./_fake_mnist.ts";
import { cifar10, loadCifar10 } from "./cifar10.ts";
import { type Cifar10Files, cifar10Files, RECORD_BYTES } from "./cifar10_files.ts";
import { checkFiles } from "./check.ts";
import type { Split } from "./dataset.ts";
import { getFiles } from "./download.ts";
import { sha256 } from "./hash.ts";

const shared = fileURLToPath(new URL("../../shared/", import.meta.url));
const archives = join(shared, "data/cifar-10"), fixture = join(shared, "fixtures/preact18-forward.safetensors");

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

/** One float32 or int64 tensor of a safetensors file. */
async function tensor(path: string, name: string): Promise<Float32Array | BigInt64Array> {
  const bytes = await Deno.readFile(path), start = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const header: Record<string, { dtype: string; data_offsets: [number, number] }> = JSON.parse(
    new TextDecoder().decode(bytes.subarray(8, start)),
  );
  const { dtype, data_offsets: [from, to] } = header[name]!;
  const own = bytes.slice(start + from, start + to).buffer;
  return dtype === "F32" ? new Float32Array(own) : new BigInt64Array(own);
}

/** What image `id` of the fake files has in a channel of a pixel. */
const pixel = (id: number, channel: number, place: number) => (id * 77 + channel * 101 + place * 13) % 256;
const label = (id: number) => (id * 3) % 10;

/** Five training files of two images and a test file of three, in the original's layout: label, red, green, blue. */
async function writeFake(cache: string, labelOf = label): Promise<Cifar10Files> {
  await Deno.mkdir(join(cache, "fake"));
  const write = async (name: string, ids: readonly number[]) => {
    const records = ids.map((
      id,
    ) => [labelOf(id), ...Array.from({ length: 3072 }, (_, i) => pixel(id, i >> 10, i % 1024))]);
    const bytes = Uint8Array.from(records.flat());
    assert.equal(bytes.length, ids.length * RECORD_BYTES);
    await Deno.writeFile(join(cache, "fake", name), bytes);
    return { name, bytes: bytes.length, sha256: sha256(bytes) };
  };
  const pairs = [0, 2, 4, 6, 8].map((id) => write(`${id}.bin`, [id, id + 1]));
  const train = await Promise.all(pairs), test = await write("test.bin", [10, 11, 12]);
  return { dataset: "fake", mirrors: [], files: [...train, test], train, test };
}

function assertSplit({ images, labels, ids }: Split, expected: readonly number[]): void {
  assert.deepEqual([...ids], expected);
  assert.deepEqual([...labels], expected.map(label));
  const pixels = expected.flatMap((id) => Array.from({ length: 3072 }, (_, i) => pixel(id, i % 3, Math.floor(i / 3))));
  assert.ok(Buffer.compare(images, Uint8Array.from(pixels)) === 0, "rows of pixels with three channels each");
  assert.equal(images.buffer.byteLength, images.length, "bytes of its own");
}

Deno.test("loadCifar10() turns planes into pixels and cuts the last training images off, within a file too", async () => {
  await withFolder(async (cache) => {
    const files = await writeFake(cache);
    const cuts: readonly [number, number | undefined, readonly number[], readonly number[]][] = [
      [3, undefined, [0, 1, 2, 3, 4, 5, 6], [7, 8, 9]],
      [4, 3, [0, 1, 2], [6, 7, 8, 9]],
      [0, undefined, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], []],
      [9, 1, [0], [1, 2, 3, 4, 5, 6, 7, 8, 9]],
    ];
    for (const [validation, trainCount, trained, held] of cuts) {
      const loaded = await loadCifar10(files, { validation, trainCount }, { cache });
      assertSplit(loaded.train, trained);
      assertSplit(loaded.validation, held);
      assertSplit(loaded.final, [10, 11, 12]);
      const { name, shape, classes, train, validation: { name: heldName }, final } = loaded;
      assert.deepEqual({ name, shape, classes }, { name: "fake", shape: [32, 32, 3], classes: 10 });
      assert.deepEqual([train.name, heldName, final.name], ["train", "validation", "test"]);
    }
  });
});

Deno.test("loadCifar10() reads no training file of which it wants no image, but always the test file", async () => {
  await withFolder(async (cache) => {
    const files = await writeFake(cache), options = { validation: 1, trainCount: 2 };
    for (const id of [2, 4, 6]) await Deno.remove(join(cache, "fake", `${id}.bin`));
    assertSplit((await loadCifar10(files, options, { cache })).validation, [9]);
    await Deno.remove(join(cache, "fake/test.bin"));
    await assert.rejects(loadCifar10(files, options, { cache }), { problem: "missing" });
  });
});

Deno.test("loadCifar10() refuses a label that is no class", async () => {
  await withFolder(async (cache) => {
    const files = await writeFake(cache, (id) => id === 3 ? 10 : 9);
    await assert.rejects(loadCifar10(files, { validation: 0, trainCount: undefined }, { cache }), {
      problem: "wrong content",
      message: `Cannot use "${join(cache, "fake/2.bin")}": label 1 is 10, expected 0 to 9`,
    });
  });
});

Deno.test("cifar10 trains on what validation leaves", () => {
  assert.equal(cifar10.trainImages({}), 45_000);
  assert.equal(cifar10.trainImages({ validation: 0 }), 50_000);
});

Deno.test("cifar10 refuses more training images than validation leaves before it looks for a file", async () => {
  await assert.rejects(cifar10.load({ validation: 49_999, trainCount: 2 }, { cache: "/nowhere" }), {
    name: "RangeError",
    message: 'Cannot take the first 2 images of split "train": it has 1',
  });
});

Deno.test("cifar10 says how to get a file that is missing", async () => {
  await withFolder(async (cache) => {
    await assert.rejects(cifar10.load({}, { cache }), {
      problem: "missing",
      message: `Cannot read "${join(cache, "cifar10", "data_batch_1.bin")}": there is no such file; ` +
        'get it with "yopo-bench data get cifar10"',
    });
  });
});

Deno.test("cifar10 comes out of the original archive, file by file, and loads as published", {
  ignore: !exists(archives) || !exists(fixture), // the originals are not part of the project
}, async (t) => {
  await withFolder(async (cache) => {
    await t.step("all six files have the published hashes", async () => {
      const gotten = await getFiles(cifar10Files, { cache, from: archives });
      assert.deepEqual(gotten.map(({ origin }) => origin), Array(6).fill("disk"));
      assert.deepEqual((await checkFiles(cifar10Files, cache)).map(({ state }) => state), Array(6).fill("ok"));
    });

    await t.step("images and labels are those that PyTorch's loader gave", async () => {
      const { train, validation, final, shape, classes } = await cifar10.load({}, { cache });
      assert.deepEqual([shape, classes, final.name], [[32, 32, 3], 10, "test"]);
      const x = await tensor(fixture, "x"), y = await tensor(fixture, "y");
      const pixels = train.images.subarray(34 * 3072, 38 * 3072);
      assert.deepEqual([...x], Array.from(pixels, (byte) => Math.fround(byte / 255)));
      assert.deepEqual([...y].map(Number), [...train.labels.subarray(34, 38)]);
      // class balance is published: 5,000 and 1,000 of each
      const counts = (...parts: Uint8Array[]) =>
        Array.from({ length: 10 }, (_, c) => parts.reduce((sum, part) => sum + part.filter((l) => l === c).length, 0));
      assert.deepEqual(counts(train.labels, validation.labels), Array(10).fill(5000));
      assert.deepEqual(counts(final.labels), Array(10).fill(1000));
      assert.deepEqual([...final.labels.subarray(0, 5)], [3, 8, 8, 0, 6]);
      assert.deepEqual([...train.labels.subarray(0, 5)], [6, 9, 9, 4, 1]);
      const ends = [train, validation, final].map(({ ids }) => [ids[0], ids.at(-1)]);
      assert.deepEqual(ends, [[0, 44_999], [45_000, 49_999], [50_000, 59_999]]);
    });

    await t.step("a part across two files is the same as in the whole", async () => {
      const whole = await cifar10.load({ validation: 0 }, { cache });
      const part = await cifar10.load({ validation: 12_345, trainCount: 10_001 }, { cache });
      assert.deepEqual([whole.train.labels.length, whole.validation.labels.length], [50_000, 0]);
      assert.equal(part.train.labels.length, 10_001);
      assert.ok(Buffer.compare(part.train.images, whole.train.images.subarray(0, 10_001 * 3072)) === 0);
      assert.ok(Buffer.compare(part.validation.images, whole.train.images.subarray(37_655 * 3072)) === 0);
    });

    await t.step("files that no wanted image lies in are not read", async () => {
      for (const file of cifar10Files.train.slice(1, 4)) await Deno.remove(join(cache, "cifar10", file.name));
      const { train, validation } = await cifar10.load({ trainCount: 100, validation: 500 }, { cache });
      assert.deepEqual([train.labels.length, validation.labels.length], [100, 500]);
      const changed = join(cache, "cifar10", cifar10Files.test.name);
      const bytes = await Deno.readFile(changed);
      bytes[5]! ^= 1;
      await Deno.writeFile(changed, bytes);
      await assert.rejects(cifar10.load({ trainCount: 100, validation: 500 }, { cache }), { problem: "wrong hash" });
    });
  });
});

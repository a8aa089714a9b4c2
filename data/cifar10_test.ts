import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { withFolder } from "./_fake_mnist.ts";
import { cifar10 } from "./cifar10.ts";
import { cifar10Files, testFile, trainFiles } from "./cifar10_files.ts";
import { checkFiles } from "./check.ts";
import { getFiles } from "./download.ts";

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
      for (const file of trainFiles.slice(1, 4)) await Deno.remove(join(cache, "cifar10", file.name));
      const { train, validation } = await cifar10.load({ trainCount: 100, validation: 500 }, { cache });
      assert.deepEqual([train.labels.length, validation.labels.length], [100, 500]);
      const changed = join(cache, "cifar10", testFile.name);
      const bytes = await Deno.readFile(changed);
      bytes[5]! ^= 1;
      await Deno.writeFile(changed, bytes);
      await assert.rejects(cifar10.load({ trainCount: 100, validation: 500 }, { cache }), { problem: "wrong hash" });
    });
  });
});

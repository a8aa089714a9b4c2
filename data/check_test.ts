import assert from "node:assert/strict";
import { join } from "node:path";
import { fakeMnist, withFolder, writeFiles } from "./_fake_mnist.ts";
import { checkDataset, checkFiles } from "./check.ts";

Deno.test("checkFiles() says ok of every original file", async () => {
  await withFolder(async (cache) => {
    const fake = fakeMnist();
    await writeFiles(fake, join(cache, "fake"));
    const names = ["train-images.gz", "train-labels.gz", "test-images.gz", "test-labels.gz"];
    assert.deepEqual(
      await checkFiles(fake.set, cache),
      names.map((file) => ({ file, path: join(cache, "fake", file), state: "ok" })),
    );
  });
});

Deno.test("checkFiles() goes on after a bad file and says of each what to do", async () => {
  await withFolder(async (cache) => {
    const fake = fakeMnist(), folder = join(cache, "fake");
    const images = fake.contents.get("train-images.gz")!;
    await writeFiles(fake, folder, {
      "train-images.gz": images.subarray(1),
      "train-labels.gz": fake.contents.get("train-labels.gz")!.map((byte) => byte ^ 1),
    });
    await Deno.remove(join(folder, "test-images.gz"));
    await Deno.remove(join(folder, "test-labels.gz"));
    await Deno.mkdir(join(folder, "test-labels.gz"));
    const checks = await checkFiles(fake.set, cache);
    assert.deepEqual(checks.map(({ state }) => state), ["wrong size", "wrong hash", "missing", "not a file"]);
    for (const { message } of checks.slice(0, 3)) assert.match(message!, /; get it with "yopo-bench data get fake"$/);
    assert.match(checks[3]!.message!, /; move it away$/);
  });
});

Deno.test("checkDataset() has nothing to check where no file is needed and refuses unknown names", async () => {
  assert.deepEqual(await checkDataset("mnist-embedded", "/nowhere"), []);
  await assert.rejects(checkDataset("cifar", "/nowhere"), {
    name: "RangeError",
    message: /^Cannot find data set "cifar"/,
  });
});

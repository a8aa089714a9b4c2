import assert from "node:assert/strict";
import { join } from "node:path";
import { EvaluationFolder } from "./evaluation_folder.ts";
import { UsageError } from "./usage_error.ts";

const KEY = { weightFileSha256: "ab", attacks: ["fgsm-1"], seed: 0 };

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "yopo-bench-" });
  try {
    await body(join(folder, "evaluation"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Opens the folder, does something there and closes it. */
async function open(path: string, key: unknown, work: (folder: EvaluationFolder) => Promise<void>): Promise<void> {
  const folder = await EvaluationFolder.open(path, key);
  try {
    await work(folder);
  } finally {
    folder.close();
  }
}

const nothing = () => Promise.resolve();

/** Whether opening is refused in one line that names the folder. */
async function refused(path: string, key: unknown, message: RegExp): Promise<void> {
  await assert.rejects(open(path, key, nothing), (error: Error) => {
    assert.ok(error instanceof UsageError, error.stack);
    assert.match(error.message, message);
    return !error.message.includes("\n") && error.message.includes(path);
  });
}

Deno.test("a folder of an evaluation refuses another one and names what differs", () =>
  inFolder(async (path) => {
    await open(path, KEY, nothing);
    await open(path, { ...KEY }, nothing);
    await refused(path, { ...KEY, seed: 1 }, /another --seed/);
    await refused(path, { ...KEY, attacks: ["fgsm-2"] }, /another --attack;/);
  }));

Deno.test("an evaluation does not mix with other files, and needs a folder", () =>
  inFolder(async (path) => {
    await Deno.mkdir(join(path, "progress"), { recursive: true });
    await refused(path, KEY, /it holds other files; choose another --out/);
    await Deno.remove(join(path, "progress"));
    await Deno.writeTextFile(join(path, "report.md"), "mine");
    await refused(path, KEY, /it holds other files; choose another --out/);
    assert.deepEqual((await Array.fromAsync(Deno.readDir(path))).map(({ name }) => name), ["report.md"]);
    await refused(join(path, "report.md"), KEY, /it is not a folder/);
  }));

Deno.test("a folder of an evaluation is one program's at a time", () =>
  inFolder(async (path) => {
    await open(path, KEY, () => refused(path, KEY, /another program is at work in it/));
    await open(path, KEY, nothing);
  }));

Deno.test("damaged files of an evaluation are told in one line", () =>
  inFolder(async (path) => {
    await open(path, KEY, nothing);
    await Deno.writeTextFile(join(path, "evaluation.json"), '{"schema": "yopo-bench/evaluation@1"}');
    await open(path, KEY, (folder) => assert.rejects(folder.record(), /evaluation\.json: it is no evaluation record/));
    await Deno.writeTextFile(join(path, "evaluation.json"), '{"schema": "yopo-b');
    await open(path, KEY, (folder) => assert.rejects(folder.record(), UsageError));
    await Deno.writeTextFile(join(path, "evaluation-key.json"), "{");
    await refused(path, KEY, /not valid JSON/);
  }));

Deno.test("batches are kept in their order, go on after those of earlier attempts, and no half file counts", () =>
  inFolder(async (path) => {
    const names = async (folder: EvaluationFolder) =>
      (await folder.chunks()).map((file) => file.slice(-18)).map((name) => name.replace(/^.*\//, ""));
    await open(path, KEY, async (folder) => {
      for (const byte of [1, 2, 3]) folder.keep(Uint8Array.of(byte));
      await folder.settle();
      assert.deepEqual(await names(folder), ["000000.safetensors", "000001.safetensors", "000002.safetensors"]);
    });
    await Deno.remove(join(path, "progress/000001.safetensors"));
    await Deno.writeFile(join(path, "progress/000003.safetensors.123.partial"), Uint8Array.of(9));
    await Deno.writeFile(join(path, "progress/copy of 000001.safetensors"), Uint8Array.of(9));
    await open(path, KEY, async (folder) => {
      folder.keep(Uint8Array.of(4));
      await folder.settle();
      assert.deepEqual(await names(folder), ["000000.safetensors", "000002.safetensors", "000003.safetensors"]);
      assert.deepEqual(await Deno.readFile(join(path, "progress/000003.safetensors")), Uint8Array.of(4));
      assert.equal(
        (await Array.fromAsync(Deno.readDir(join(path, "progress")))).length,
        4,
        "and what is not ours stays",
      );
    });
  }));

Deno.test("a batch that could not be written is told by settle()", () =>
  inFolder(async (path) => {
    await open(path, KEY, async (folder) => {
      await Deno.writeTextFile(join(path, "progress"), "in the way");
      folder.keep(Uint8Array.of(1));
      await assert.rejects(folder.settle(), /^Error: Cannot write [^\n]*$/);
      assert.ok(folder.failed.aborted, "whoever computes can stop");
    });
  }));

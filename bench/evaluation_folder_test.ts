import assert from "node:assert/strict";
import { join } from "node:path";
import { findModel } from "../models/registry.ts";
import { encodeWeights } from "../models/weights.ts";
import { random } from "../random/random.ts";
import { evaluateInto } from "./evaluate_into.ts";
import type { EvaluateOptions } from "./evaluate_weights.ts";
import { EvaluationFolder } from "./evaluation_folder.ts";
import type { Observe } from "./progress.ts";
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

const net = findModel("tiny-cnn").create({ height: 8, width: 8, channels: 1, classes: 3 });
const options: EvaluateOptions = {
  weights: encodeWeights(net, net.initialize((name) => random(3, name))),
  source: "tiny.safetensors",
  data: { name: "synthetic", options: { shape: [8, 8, 1], classes: 3, train: 1, validation: 10, final: 20 } },
  split: "final",
  threat: { norm: "linf", epsilon: 0.1 },
  attacks: [{ name: "pgd-3", options: {} }],
  ...{ batch: 4, seed: 0, cache: "unused" },
};

const evaluating = (out: string, observe: Observe = () => {}, { signal } = new AbortController()) =>
  evaluateInto({ engine: "cpu" }, options, { out }, observe, signal);

Deno.test("batches that a disk has damaged are told and attacked again, and the record is the same", () =>
  inFolder(async (path) => {
    const untimed = (value: unknown) =>
      JSON.stringify(value, (key, part) => key === "seconds" || key === "created" ? undefined : part);
    const whole = await evaluating(`${path}-whole`), aborting = new AbortController();
    assert.ok(whole.status === "complete");
    const stopped = await evaluating(path, (event) => {
      if (event.kind === "evaluation" && event.what.includes("PGD") && event.done >= 8) aborting.abort();
    }, aborting);
    assert.ok(stopped.status === "interrupted" && stopped.batches >= 7, "five clean batches and two attacked ones");
    const file = (index: number) => join(path, `progress/00000${index}.safetensors`);
    await Deno.truncate(file(2), 100);
    await Deno.writeFile(file(4), new Uint8Array(0));
    const altered = await Deno.readFile(file(6));
    altered[altered.length - 1]! ^= 1;
    await Deno.writeFile(file(6), altered);
    const notes: string[] = [];
    const resumed = await evaluating(path, (event) => void (event.kind === "note" && notes.push(event.text)));
    assert.ok(resumed.status === "complete");
    assert.equal(untimed(resumed.record), untimed(whole.record));
    [2, 4, 6].forEach((index, i) => {
      assert.ok(
        notes[i]!.includes(file(index)) && /^Cannot read [^\n]*; its images are attacked again$/.test(notes[i]!),
      );
    });
    assert.equal(notes[3], `Going on with ${stopped.batches - 3} batches of an earlier attempt`);
  }));

Deno.test("a record that was altered is refused, and one that is whole is given again without an attack", () =>
  inFolder(async (path) => {
    const first = await evaluating(path);
    assert.ok(first.status === "complete");
    const seen: string[] = [];
    assert.deepEqual(await evaluating(path, ({ kind }) => void seen.push(kind)), first);
    assert.deepEqual(seen, ["note"]);
    const file = join(path, "evaluation.json"), text = await Deno.readTextFile(file);
    await Deno.writeTextFile(file, text.replace('"seed": 0', '"seed": 1'));
    await assert.rejects(evaluating(path), {
      name: "UsageError",
      message: `Cannot read ${file}: it was changed after it was written; move it away`,
    });
  }));

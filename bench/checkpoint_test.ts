import assert from "node:assert/strict";
import { join } from "node:path";
import { withTemporaryFolder } from "../files/_temporary_folder.ts";
import { smokeRun } from "./_smoke_run.ts";
import { decodeCheckpoint } from "./checkpoint.ts";
import { CheckpointSaver, findCheckpoint, removeCheckpoints } from "./checkpoint_files.ts";

const { checkpoints } = await smokeRun({ checkpointSeconds: 1e-9 });
const { bytes } = checkpoints.at(-1)!;

Deno.test("a checkpoint that was changed or cut anywhere is refused in one line, or is the same", () => {
  const whole = decodeCheckpoint(bytes, "checkpoint");
  const check = (damaged: Uint8Array, what: string) => {
    try {
      assert.deepEqual(decodeCheckpoint(damaged, "a/checkpoint-1.safetensors"), whole, what);
      return true;
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
      assert.ok(error instanceof SyntaxError, `${what}: ${error}`);
      assert.match(error.message, /^Cannot read [^\n]*checkpoint-1\.safetensors[^\n]*$/, what);
      return false;
    }
  };
  const step = Math.max(1, Math.floor(bytes.length / 1500));
  for (let at = 0; at < bytes.length; at += step) {
    const flipped = bytes.slice();
    flipped[at]! ^= 1 << at % 8;
    check(flipped, `byte ${at}`);
    assert.equal(check(bytes.slice(0, at), `cut to ${at}`), false);
  }
  const twice = new Uint8Array(bytes.length * 2);
  twice.set(bytes);
  twice.set(bytes, bytes.length);
  assert.equal(check(twice, "written twice"), false);
});

Deno.test("findCheckpoint() falls back to the newest checkpoint that holds, over attempts, and says so", () =>
  withTemporaryFolder(async (run) => {
    const told: string[] = [], find = async () => (await findCheckpoint(run, (text) => told.push(text)))?.path ?? null;
    assert.equal(await find(), null);
    for (const attempt of [1, 2, 10]) await Deno.mkdir(join(run, `attempt-${attempt}`));
    const path = (attempt: number, step: number) =>
      join(run, `attempt-${attempt}`, `checkpoint-${String(step).padStart(9, "0")}.safetensors`);
    const saver = new CheckpointSaver(join(run, "attempt-2"));
    for (const step of [1, 2, 3]) saver.save({ step, write: true, bytes: new Uint8Array(bytes) });
    saver.save({ step: 4, write: false, bytes: new Uint8Array(bytes) });
    assert.equal(saver.failed.aborted, false);
    await saver.finish();
    const names = (await Array.fromAsync(Deno.readDir(join(run, "attempt-2")))).map(({ name }) =>
      join(run, "attempt-2", name)
    );
    assert.deepEqual(names.sort(), [path(2, 3), path(2, 4)], "the newest two, what stood by among them");
    assert.equal(await find(), path(2, 4));
    await Deno.writeFile(path(10, 5), bytes.slice(0, 100));
    await Deno.writeFile(path(1, 9), bytes);
    assert.equal(await find(), path(2, 4), "attempt 10 has none that holds, attempt 1 is older");
    assert.match(told.join(), /attempt-10[^\n]*; the checkpoint before it is taken$/);
    await Deno.writeTextFile(path(2, 4), "");
    assert.equal(await find(), path(2, 3));
    await removeCheckpoints(run, 2);
    assert.equal(await find(), null);
  }));

Deno.test("a checkpoint that cannot be written stops the run with one line", () =>
  withTemporaryFolder(async (folder) => {
    const saver = new CheckpointSaver(join(folder, "gone"));
    saver.save({ step: 1, write: true, bytes: new Uint8Array(bytes) });
    await assert.rejects(saver.finish(), /^Error: Cannot save a checkpoint in [^\n]*$/);
    assert.equal(saver.failed.aborted, true);
  }));

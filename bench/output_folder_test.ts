import assert from "node:assert/strict";
import { join } from "node:path";
import { withTemporaryFolder } from "../files/_temporary_folder.ts";
import { loadSuite } from "./load_suite.ts";
import { prepareOutput, readStoredSuite } from "./output_folder.ts";
import { toolRecord } from "./tool.ts";
import { UsageError } from "./usage_error.ts";

const wanted = {
  command: "deno task bench smoke",
  engine: "wasm",
  precision: "f32" as const,
  shards: 8,
  tool: await toolRecord(),
  suite: await loadSuite("smoke"),
};

async function refusal(work: Promise<unknown>): Promise<string> {
  const error = await work.then(() => assert.fail("nothing was refused"), (reason: unknown) => reason);
  assert.ok(error instanceof UsageError, String(error));
  return error.message;
}

Deno.test("a new folder gets the suite, and the same suite continues it with its first date", () =>
  withTemporaryFolder(async (folder) => {
    const out = join(folder, "a", "b");
    const { stored } = await prepareOutput(out, wanted, false);
    assert.deepEqual(await readStoredSuite(out), stored);
    assert.deepEqual((await prepareOutput(out, wanted, false)).stored, stored);
  }));

Deno.test("a leftover of a write that was killed does not stop the next run", () =>
  withTemporaryFolder(async (out) => {
    await Deno.writeTextFile(join(out, "suite.json.1234.partial"), "{");
    assert.equal((await prepareOutput(out, wanted, false)).movedTo, null);
  }));

Deno.test("a folder with other files, another suite or another engine is refused", () =>
  withTemporaryFolder(async (folder) => {
    await Deno.writeTextFile(join(folder, "notes.txt"), "mine");
    assert.match(await refusal(prepareOutput(folder, wanted, false)), /holds other files/);
    assert.match(await refusal(prepareOutput(join(folder, "notes.txt"), wanted, false)), /is not a folder/);
    const out = join(folder, "out");
    await prepareOutput(out, wanted, false);
    const other = { ...wanted, suite: { ...wanted.suite, seeds: [7] } };
    assert.match(await refusal(prepareOutput(out, other, false)), /first key that differs is seeds/);
    assert.match(await refusal(prepareOutput(out, { ...wanted, engine: "cpu" }, false)), /was begun with wasm/);
  }));

Deno.test("force moves a folder aside each time and deletes nothing", () =>
  withTemporaryFolder(async (folder) => {
    const out = join(folder, "out");
    assert.equal((await prepareOutput(out, wanted, true)).movedTo, null);
    assert.equal((await prepareOutput(`${out}/`, wanted, true)).movedTo, `${out}.old-1`);
    assert.equal((await prepareOutput(out, wanted, true)).movedTo, `${out}.old-2`);
    assert.equal((await readStoredSuite(`${out}.old-1`)).suite.name, "smoke");
  }));

Deno.test("a damaged suite.json is named", () =>
  withTemporaryFolder(async (out) => {
    await Deno.writeTextFile(join(out, "suite.json"), '{"schema": "yopo-bench/stored-suite@1"');
    assert.match(await refusal(readStoredSuite(out)), /suite\.json/);
    await Deno.writeTextFile(join(out, "suite.json"), '{"schema": "other"}');
    assert.match(await refusal(readStoredSuite(out)), /suite\.json: schema/);
  }));

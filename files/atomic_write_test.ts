import assert from "node:assert/strict";
import { join } from "node:path";
import { withTemporaryFolder } from "./_temporary_folder.ts";
import { atomicWrite } from "./atomic_write.ts";

const namesIn = async (folder: string) => (await Array.fromAsync(Deno.readDir(folder))).map((entry) => entry.name);

Deno.test("atomicWrite() replaces a file whole and leaves nothing else in the folder", () =>
  withTemporaryFolder(async (folder) => {
    const path = join(folder, "result.json");
    await atomicWrite(path, "old");
    await atomicWrite(path, new TextEncoder().encode("new"));
    assert.equal(await Deno.readTextFile(path), "new");
    assert.deepEqual(await namesIn(folder), ["result.json"]);
  }));

Deno.test("atomicWrite() that fails keeps the old content and removes its own file", () =>
  withTemporaryFolder(async (folder) => {
    const path = join(folder, "taken");
    await Deno.mkdir(path);
    await Deno.writeTextFile(join(path, "inside"), "old");
    await assert.rejects(atomicWrite(path, "new"));
    assert.deepEqual(await namesIn(folder), ["taken"]);
    assert.equal(await Deno.readTextFile(join(path, "inside")), "old");
  }));

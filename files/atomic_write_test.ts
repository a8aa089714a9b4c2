import assert from "node:assert/strict";
import { join } from "node:path";
import { atomicWrite } from "./atomic_write.ts";

Deno.test("atomicWrite() replaces a file whole and leaves nothing else in the folder", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "result.json");
    await atomicWrite(path, "old");
    await atomicWrite(path, new TextEncoder().encode("new"));
    assert.equal(await Deno.readTextFile(path), "new");
    assert.deepEqual((await Array.fromAsync(Deno.readDir(folder))).map((entry) => entry.name), ["result.json"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("atomicWrite() that fails keeps the old content and removes its own file", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(join(folder, "taken"));
    await Deno.writeTextFile(join(folder, "taken", "inside"), "old");
    await assert.rejects(atomicWrite(join(folder, "taken"), "new"));
    assert.deepEqual((await Array.fromAsync(Deno.readDir(folder))).map((entry) => entry.name), ["taken"]);
    assert.equal(await Deno.readTextFile(join(folder, "taken", "inside")), "old");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

import assert from "node:assert/strict";
import { withFolder } from "./_fake_mnist.ts";
import { sha256 } from "./hash.ts";
import { readChecked } from "./read_checked.ts";

const bytes = new TextEncoder().encode("the original");
const file = { name: "a.gz", bytes: bytes.length, sha256: sha256(bytes) };

Deno.test("readChecked() gives the bytes of the original", async () => {
  await withFolder(async (folder) => {
    await Deno.writeFile(`${folder}/a.gz`, bytes);
    assert.deepEqual([...await readChecked(`${folder}/a.gz`, file, "get it")], [...bytes]);
  });
});

Deno.test("readChecked() tells a missing, a cut, a longer, a changed file and a folder apart", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/a.gz`;
    const refuses = (problem: string, message: string) =>
      assert.rejects(readChecked(path, file, "get it"), { name: "DataFileError", problem, message });

    await refuses("missing", `Cannot read "${path}": there is no such file; get it`);
    await Deno.writeFile(path, bytes.subarray(0, 5));
    await refuses(
      "wrong size",
      `Cannot use "${path}": it has 5 bytes, the original 12, so it is cut off or another file; get it`,
    );
    await Deno.writeTextFile(path, "the original and more");
    await refuses(
      "wrong size",
      `Cannot use "${path}": it has 21 bytes, the original 12, so it is another file; get it`,
    );
    await Deno.writeTextFile(path, "The original");
    await refuses(
      "wrong hash",
      `Cannot use "${path}": its SHA-256 begins with a1cd2355, the original's with ${file.sha256.slice(0, 8)}; get it`,
    );
    await Deno.remove(path);
    await Deno.mkdir(path);
    await refuses("not a file", `Cannot read "${path}": it is a folder, not a file; move it away`);
  });
});

Deno.test("readChecked() does not read from a device without end", {
  ignore: Deno.build.os === "windows", // has no /dev/zero
}, async () => {
  await assert.rejects(readChecked("/dev/zero", file, "get it"), {
    problem: "not a file",
    message: `Cannot read "/dev/zero": it is a device or pipe, not a file; move it away`,
  });
});

Deno.test("readChecked() names folder and flag when Deno may not read", { permissions: { read: false } }, async () => {
  await assert.rejects(readChecked("/cache/mnist/a.gz", file, "get it"), {
    problem: "not permitted",
    message: `Cannot read "/cache/mnist/a.gz": Deno was not given access to its folder; add --allow-read=/cache/mnist`,
  });
});

Deno.test("readChecked() says so when the file system does not permit reading", {
  ignore: Deno.build.os === "windows" || Deno.uid() === 0, // modes do not bind root
}, async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/a.gz`;
    await Deno.writeFile(path, bytes, { mode: 0o000 });
    await assert.rejects(readChecked(path, file, "get it"), {
      problem: "not permitted",
      message: `Cannot read "${path}": the file system does not permit it; change the file's or folder's permissions`,
    });
  });
});

import assert from "node:assert/strict";
import { namesIn, withFolder } from "./_fake_mnist.ts";
import { sha256 } from "./hash.ts";
import { storeFile, type WritableFile } from "./store_file.ts";

const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i % 256);
const file = { name: "a.gz", bytes: bytes.length, sha256: sha256(bytes) };
const pieces = [bytes.subarray(0, 400), bytes.subarray(400, 400), bytes.subarray(400)];

Deno.test("storeFile() writes the pieces as one file and counts its bytes", async () => {
  await withFolder(async (folder) => {
    const counted: number[] = [];
    await storeFile(`${folder}/a.gz`, file, pieces, { onBytes: (count) => counted.push(count) });
    assert.deepEqual([...await Deno.readFile(`${folder}/a.gz`)], [...bytes]);
    assert.deepEqual(counted, [400, 400, 1000]);
    assert.deepEqual(await namesIn(folder), ["a.gz"]);
  });
});

Deno.test("storeFile() replaces an older file", async () => {
  await withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/a.gz`, "older");
    await storeFile(`${folder}/a.gz`, file, pieces);
    assert.equal((await Deno.stat(`${folder}/a.gz`)).size, 1000);
  });
});

async function* failing(): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(pieces[0]!);
  throw new Error("the connection broke");
}

const badSources: readonly [string, Iterable<Uint8Array> | AsyncIterable<Uint8Array>, string][] = [
  ["ends early", [pieces[0]!], "it ended after 400 of 1000 bytes"],
  ["is empty", [], "it ended after 0 of 1000 bytes"],
  ["gives too much", [...pieces, bytes], "more than the original's 1000 bytes came"],
  ["gives other bytes", [new Uint8Array(1000)], "its SHA-256 is not the original's"],
  ["breaks", failing(), "the connection broke"],
];
for (const [what, source, message] of badSources) {
  Deno.test(`storeFile() leaves the older file and nothing else when the source ${what}`, async () => {
    await withFolder(async (folder) => {
      await Deno.writeTextFile(`${folder}/a.gz`, "older");
      await assert.rejects(storeFile(`${folder}/a.gz`, file, source), { message });
      assert.deepEqual(await namesIn(folder), ["a.gz"]);
      assert.equal(await Deno.readTextFile(`${folder}/a.gz`), "older");
    });
  });
}

Deno.test("storeFile() stops reading a source that gives too much", async () => {
  await withFolder(async (folder) => {
    let given = 0;
    function* endless(): Generator<Uint8Array> {
      while (true) {
        given++;
        yield bytes;
      }
    }
    await assert.rejects(storeFile(`${folder}/a.gz`, file, endless()), { problem: "wrong size" });
    assert.equal(given, 2);
  });
});

/** Opens real files on a disk that is full after `space` bytes. */
function fullDisk(space: number) {
  return async (path: string, options: Deno.OpenOptions): Promise<WritableFile> => {
    const output = await Deno.open(path, options);
    return {
      write(piece) {
        const part = piece.subarray(0, space);
        if (part.length === 0) throw Object.assign(new Error("No space left on device"), { code: "ENOSPC" });
        space -= part.length;
        return output.write(part);
      },
      sync: () => output.sync(),
      close: () => output.close(),
    };
  };
}

Deno.test("storeFile() writes on after a short write", async () => {
  await withFolder(async (folder) => {
    const open = async (path: string, options: Deno.OpenOptions): Promise<WritableFile> => {
      const output = await Deno.open(path, options);
      return {
        write: (piece) => output.write(piece.subarray(0, 7)),
        sync: () => output.sync(),
        close: () => output.close(),
      };
    };
    await storeFile(`${folder}/a.gz`, file, pieces, { open });
    assert.deepEqual([...await Deno.readFile(`${folder}/a.gz`)], [...bytes]);
  });
});

Deno.test("storeFile() leaves the older file and nothing else when the disk is full", async () => {
  await withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/a.gz`, "older");
    await assert.rejects(storeFile(`${folder}/a.gz`, file, pieces, { open: fullDisk(500) }), {
      problem: "disk",
      message: `Cannot write "${folder}/a.gz": the disk is full; free some space and try again`,
    });
    assert.deepEqual(await namesIn(folder), ["a.gz"]);
    assert.equal(await Deno.readTextFile(`${folder}/a.gz`), "older");
  });
});

const mayMount = Deno.uid() === 0 &&
  Deno.permissions.querySync({ name: "run", command: "mount" }).state === "granted" &&
  Deno.permissions.querySync({ name: "run", command: "umount" }).state === "granted";

Deno.test("storeFile() leaves nothing on a real disk that is full", {
  ignore: !mayMount, // only root may mount a small disk, and only with --allow-run=mount,umount
}, async () => {
  await withFolder(async (folder) => {
    const run = (command: string, ...args: string[]) => new Deno.Command(command, { args }).output();
    const mounted = await run("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder);
    assert.ok(mounted.success);
    try {
      const large = new Uint8Array(200_000);
      await assert.rejects(
        storeFile(`${folder}/a.gz`, { name: "a.gz", bytes: 200_000, sha256: sha256(large) }, [large]),
        {
          problem: "disk",
          message: `Cannot write "${folder}/a.gz": the disk is full; free some space and try again`,
        },
      );
      assert.deepEqual(await namesIn(folder), []);
    } finally {
      await run("umount", folder);
    }
  });
});

Deno.test("storeFile() leaves nothing when a folder has the file's name", async () => {
  await withFolder(async (folder) => {
    await Deno.mkdir(`${folder}/a.gz`);
    await assert.rejects(storeFile(`${folder}/a.gz`, file, pieces), { problem: "not a file" });
    assert.deepEqual(await namesIn(folder), ["a.gz"]);
  });
});

Deno.test("storeFile() says so when its folder is missing", async () => {
  await withFolder(async (folder) => {
    await assert.rejects(storeFile(`${folder}/none/a.gz`, file, pieces), {
      problem: "missing",
      message: `Cannot write "${folder}/none/a.gz": its folder does not exist`,
    });
  });
});

Deno.test("storeFile() names folder and flag when Deno may not write", { permissions: { write: false } }, async () => {
  await assert.rejects(storeFile("/cache/mnist/a.gz", file, pieces), {
    problem: "not permitted",
    message:
      `Cannot write "/cache/mnist/a.gz": Deno was not given access to its folder; add --allow-write=/cache/mnist`,
  });
});

Deno.test("storeFile() says so when the file system does not permit writing", {
  ignore: Deno.build.os === "windows" || Deno.uid() === 0, // modes do not bind root
}, async () => {
  await withFolder(async (folder) => {
    await Deno.chmod(folder, 0o500);
    await assert.rejects(storeFile(`${folder}/a.gz`, file, pieces), {
      problem: "not permitted",
      message:
        `Cannot write "${folder}/a.gz": the file system does not permit it; change the file's or folder's permissions`,
    });
  });
});

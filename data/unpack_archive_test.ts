import assert from "node:assert/strict";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { type Entry, fakeBodies, fakeEntries, fakePackedSet, tar } from "./_fake_archive.ts";
import { namesIn, withFolder } from "./_fake_mnist.ts";
import { unpackArchive, type Unpacking } from "./unpack_archive.ts";

/** The entries packed and then, in place of the archive's end, noise for as long as somebody takes it. */
class Endless {
  packedBytes = 0;
  closed = false;
  #entries: readonly Entry[];

  constructor(entries: readonly Entry[]) {
    this.#entries = entries;
  }

  async *packed(): AsyncGenerator<Uint8Array> {
    try {
      for await (const piece of ReadableStream.from(this.#unpacked()).pipeThrough(new CompressionStream("gzip"))) {
        this.packedBytes += piece.length;
        yield piece;
      }
    } finally {
      this.closed = true;
    }
  }

  *#unpacked(): Generator<Uint8Array<ArrayBuffer>> {
    yield tar(this.#entries).slice(0, -1024);
    for (;;) yield crypto.getRandomValues(new Uint8Array(16 * 1024));
  }
}

/** Octal text of 1 GiB. */
const GIBIBYTE = "10000000000";

async function unpackInto(folder: string, packed: AsyncIterable<Uint8Array>, some: Partial<Unpacking> = {}) {
  const set = fakePackedSet(), pathOf = ({ name }: { name: string }) => join(folder, name);
  await unpackArchive(packed, { set, wanted: set.files, pathOf, source: "x", ...some });
}

Deno.test("unpackArchive() refuses a file without end after a little of it and closes the source", async () => {
  await withFolder(async (folder) => {
    const endless = new Endless([{ name: "inside/a.bin", size: GIBIBYTE }]);
    await assert.rejects(unpackInto(folder, endless.packed()), {
      problem: "wrong content",
      message: `Cannot unpack "x": a.bin in it is not the original: more than the original's 1500 bytes came`,
    });
    assert.ok(endless.packedBytes < 2 ** 20, `${endless.packedBytes} bytes were taken`);
    assert.ok(endless.closed);
    assert.deepEqual(await namesIn(folder), []);
  });
});

Deno.test("unpackArchive() takes no more of an archive than it needs and closes the source", async () => {
  await withFolder(async (folder) => {
    const endless = new Endless([...fakeEntries(), { name: "inside/more", size: GIBIBYTE }]);
    await unpackInto(folder, endless.packed());
    assert.deepEqual(await namesIn(folder), [...fakeBodies.keys()]);
    assert.ok(endless.packedBytes < 2 ** 20, `${endless.packedBytes} bytes were taken`);
    assert.ok(endless.closed);
  });
});

Deno.test("unpackArchive() refuses a bomb in one piece before all of the piece is unpacked", async () => {
  await withFolder(async (folder) => {
    const bomb = new Uint8Array(gzipSync(tar([{ name: "inside/a.bin", body: new Uint8Array(2 ** 25) }])));
    assert.ok(bomb.length < 2 ** 16);
    // damaged behind its middle, which only who unpacks the piece as a whole has to know
    bomb.fill(255, 20_000);
    await assert.rejects(unpackInto(folder, ReadableStream.from([bomb])), {
      message: `Cannot unpack "x": a.bin in it is not the original: more than the original's 1500 bytes came`,
    });
  });
});

Deno.test("unpackArchive() stores what is wanted and nothing else, each the first time it comes", async () => {
  await withFolder(async (folder) => {
    const [wanted] = fakePackedSet().files.slice(1);
    const again = fakeEntries().map(({ name, body }): Entry => ({
      name,
      body: body?.map(() => 0) ?? new Uint8Array(),
    }));
    const stream = new Blob([tar([...fakeEntries(), ...again])]).stream().pipeThrough(new CompressionStream("gzip"));
    await unpackInto(folder, stream, { wanted: [wanted!] });
    assert.deepEqual(await namesIn(folder), ["b.bin"]);
    assert.deepEqual(await Deno.readFile(join(folder, "b.bin")), fakeBodies.get("b.bin"));
  });
});

Deno.test("unpackArchive() passes on what its source throws", async () => {
  await withFolder(async (folder) => {
    for (const error of [new TypeError("the connection broke"), new SyntaxError("x"), new Error("nothing came")]) {
      const failing = async function* (): AsyncGenerator<Uint8Array> {
        for await (const piece of new Endless([{ name: "inside/a.bin", size: GIBIBYTE }]).packed()) {
          yield piece.subarray(0, 20);
          throw error;
        }
      };
      await assert.rejects(unpackInto(folder, failing()), error);
      assert.deepEqual(await namesIn(folder), []);
    }
  });
});

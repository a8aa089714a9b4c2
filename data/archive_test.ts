import assert from "node:assert/strict";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { type Entry, fakeArchive, fakeBodies, fakeEntries, fakePackedSet, tar } from "./_fake_archive.ts";
import { namesIn, withFolder } from "./_fake_mnist.ts";
import { checkFiles } from "./check.ts";
import { type DownloadProgress, getFiles } from "./download.ts";
import { unpackArchive } from "./unpack_archive.ts";

const names = [...fakeBodies.keys()];
const replace = (name: string, change: (entry: Entry) => Entry | readonly Entry[]) =>
  fakeArchive((entry) => entry.name === `inside/${name}` ? change(entry) : entry);

/** Serves what `answer` gives in place of the archive, one mirror for each answer. */
async function withMirrors(
  answers: readonly (() => Response)[],
  body: (mirrors: { cache: string; folder: string; urls: string[]; hosts: string[]; asked: string[] }) => Promise<void>,
): Promise<void> {
  const asked: string[] = [];
  const servers = answers.map((answer, number) =>
    Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
      asked.push(`${number} ${new URL(request.url).pathname}`);
      return answer();
    })
  );
  const hosts = servers.map(({ addr }) => `127.0.0.1:${addr.port}`), urls = hosts.map((host) => `http://${host}/kriz/`);
  try {
    await withFolder((cache) => body({ cache, folder: join(cache, "packed"), urls, hosts, asked }));
  } finally {
    await Promise.all(servers.map((server) => server.shutdown()));
  }
}

async function assertComplete(folder: string): Promise<void> {
  assert.deepEqual(await namesIn(folder), names);
  for (const [name, bytes] of fakeBodies) assert.deepEqual(await Deno.readFile(join(folder, name)), bytes);
}

Deno.test("getFiles() takes the files out of a downloaded archive and tells how much of it came", async () => {
  const archive = fakeArchive();
  await withMirrors([() => new Response(archive)], async ({ cache, folder, urls, asked }) => {
    const progress: DownloadProgress[] = [], set = fakePackedSet(urls);
    const gotten = await getFiles(set, { cache, onProgress: (event) => progress.push(event) });
    await assertComplete(folder);
    assert.deepEqual(gotten, names.map((file) => ({ file, path: join(folder, file), origin: "mirror" })));
    assert.deepEqual(asked, ["0 /kriz/fake.tar.gz"]);
    assert.deepEqual(progress.at(-1), {
      file: "fake.tar.gz",
      fileNumber: 1,
      fileCount: 1,
      receivedBytes: archive.length,
      totalBytes: 4000,
    });
    assert.deepEqual((await checkFiles(set, cache)).map(({ state }) => state), ["ok", "ok", "ok"]);
  });
});

Deno.test("getFiles() asks for no archive when all files are right, and replaces only those that are not", async () => {
  await withMirrors([() => new Response(fakeArchive())], async ({ cache, folder, urls, asked }) => {
    const set = fakePackedSet(urls);
    await getFiles(set, { cache });
    const again = await getFiles(set, { cache });
    assert.deepEqual([again.map(({ origin }) => origin), asked.length], [["cache", "cache", "cache"], 1]);
    await Deno.writeFile(join(folder, "b.bin"), new Uint8Array(1024));
    await Deno.remove(join(folder, "c.bin"));
    const kept = (await Deno.stat(join(folder, "a.bin"))).ino;
    const mended = await getFiles(set, { cache });
    assert.deepEqual(mended.map(({ origin }) => origin), ["cache", "mirror", "mirror"]);
    assert.equal((await Deno.stat(join(folder, "a.bin"))).ino, kept);
    await assertComplete(folder);
  });
});

const right = fakeArchive(), flipped = right.map((byte, i) => i === right.length >> 1 ? byte ^ 255 : byte);
/** What an archive may be instead, what is said of it, and which files are right before the fault. */
const badArchives: readonly [string, Uint8Array<ArrayBuffer>, RegExp, (readonly string[])?][] = [
  ["nothing", new Uint8Array(), /: its gzip data is cut off or damaged, or it is no gzip file$/],
  [
    "a page of text",
    new TextEncoder().encode("<html>"),
    /: its gzip data is cut off or damaged, or it is no gzip file$/,
  ],
  ["no tar", new Uint8Array(gzipSync(new Uint8Array(600).fill(65))), /: a header is damaged, or it is no tar archive$/],
  ["cut off", right.slice(0, 300), /cut off/],
  ["damaged in the middle", flipped, /cut off or damaged|damaged|is not the original/],
  ["without a file", replace("b.bin", () => []), /: it does not hold inside\/b\.bin$/, ["a.bin", "c.bin"]],
  [
    "with a link for a file",
    replace("b.bin", ({ name }) => ({ name, kind: "2" })),
    /: it does not hold inside\/b\.bin$/,
    ["a.bin", "c.bin"],
  ],
  [
    "with a changed file",
    replace("b.bin", (entry) => ({ ...entry, body: new Uint8Array(1024) })),
    /: b\.bin in it is not the original: its SHA-256 is not the original's$/,
    ["a.bin"],
  ],
  [
    "with a longer file",
    replace("b.bin", (entry) => ({ ...entry, body: new Uint8Array(2000) })),
    /: b\.bin in it is not the original: more than the original's 1024 bytes came$/,
    ["a.bin"],
  ],
  [
    "with a shorter file",
    replace("b.bin", (entry) => ({ ...entry, body: new Uint8Array(9) })),
    /: b\.bin in it is not the original: it ended after 9 of 1024 bytes$/,
    ["a.bin"],
  ],
  [
    "with a file of 8 GiB",
    replace("readme.html", (entry) => ({ ...entry, size: "77777777777" })),
    /: it states more than 1073741824 bytes$/,
  ],
];
for (const [what, bytes, message, stored = []] of badArchives) {
  Deno.test(`getFiles() refuses an archive from disk: ${what}`, async () => {
    await withFolder(async (cache) => {
      const from = join(cache, "other-name.tar.gz");
      await Deno.writeFile(from, bytes);
      await assert.rejects(getFiles(fakePackedSet(), { cache, from }), (error: Error & { problem: string }) => {
        assert.ok(error.message.startsWith(`Cannot unpack "${from}": `), error.message);
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /\n/);
        assert.equal(error.problem, "wrong content");
        return true;
      });
      const left = await namesIn(join(cache, "packed"));
      // what came whole and right before the fault may stay; nothing else
      if (what !== "damaged in the middle" && what !== "cut off") assert.deepEqual(left, stored);
      for (const name of left) assert.deepEqual(await Deno.readFile(join(cache, "packed", name)), fakeBodies.get(name));
    });
  });

  Deno.test(`getFiles() goes to the next mirror when an archive is wrong: ${what}`, async () => {
    await withMirrors(
      [() => new Response(bytes), () => new Response(right)],
      async ({ cache, folder, urls, asked }) => {
        await getFiles(fakePackedSet(urls), { cache });
        await assertComplete(folder);
        assert.equal(asked.length, 2);
      },
    );
  });
}

Deno.test("getFiles() tells what each mirror did wrong with the archive", async () => {
  const silent = () => new Response(new ReadableStream({ start: (stream) => stream.enqueue(right.slice(0, 200)) }));
  const answers = [() => new Response("sorry", { status: 404 }), silent, () => new Response("<html>")];
  await withMirrors(answers, async ({ cache, folder, urls, hosts }) => {
    await assert.rejects(getFiles(fakePackedSet(urls), { cache, stallSeconds: 0.2 }), (error: Error) => {
      const reasons = [
        `${hosts[0]}: it answered HTTP 404`,
        `${hosts[1]}: nothing came for 0.2 seconds`,
        `${hosts[2]}: Cannot unpack "${
          urls[2]
        }fake.tar.gz": its gzip data is cut off or damaged, or it is no gzip file`,
      ];
      assert.equal(
        error.message,
        `Cannot download "fake.tar.gz": ${
          reasons.join("; ")
        }; check the network, or take the file from disk with --from`,
      );
      return true;
    });
    assert.deepEqual(await namesIn(folder), []);
  });
});

Deno.test("getFiles() stops on a signal while an archive comes and leaves nothing half-written", async () => {
  const endless = () => new Response(new ReadableStream({ start: (stream) => stream.enqueue(right.slice(0, 200)) }));
  await withMirrors([endless], async ({ cache, folder, urls }) => {
    const controller = new AbortController(), reason = new Error("stopped by the user");
    const onProgress = () => controller.abort(reason);
    await assert.rejects(getFiles(fakePackedSet(urls), { cache, signal: controller.signal, onProgress }), reason);
    assert.deepEqual(await namesIn(folder), []);
  });
});

Deno.test("getFiles() takes an archive by any name, its folder, what is unpacked of it, and one file", {
  permissions: { read: true, write: true, net: false },
}, async () => {
  await withFolder(async (place) => {
    const write = async (folder: string): Promise<void> => {
      await Deno.mkdir(join(place, folder), { recursive: true });
      for (const [name, bytes] of fakeBodies) await Deno.writeFile(join(place, folder, name), bytes);
    };
    await Deno.mkdir(join(place, "holds-archive"));
    await Deno.writeFile(join(place, "holds-archive/fake.tar.gz"), right);
    await Deno.writeFile(join(place, "download (1).tar.gz"), right);
    await write("unpacked/inside");
    const froms = ["holds-archive", "holds-archive/fake.tar.gz", "download (1).tar.gz", "unpacked", "unpacked/inside"];
    for (const [i, from] of froms.entries()) {
      const cache = join(place, `cache-${i}`);
      const gotten = await getFiles(fakePackedSet(), { cache, from: join(place, from) });
      assert.deepEqual(gotten.map(({ origin }) => origin), ["disk", "disk", "disk"], from);
      await assertComplete(join(cache, "packed"));
    }
    const cache = join(place, "cache-one");
    await getFiles(fakePackedSet(), { cache, from: join(place, "unpacked/inside/b.bin") });
    assert.deepEqual(await namesIn(join(cache, "packed")), ["b.bin"]);
  });
});

Deno.test("getFiles() says of a missing archive, an empty folder and another file what is missing", async () => {
  await withFolder(async (place) => {
    const refuses = (from: string, expected: { message: RegExp; name?: string; problem?: string }) =>
      assert.rejects(getFiles(fakePackedSet(), { cache: join(place, "cache"), from: join(place, from) }), expected);
    await refuses("none.tar.gz", {
      problem: "missing",
      message: /^Cannot read ".*none\.tar\.gz": there is no such file; /,
    });
    await refuses("none", { problem: "missing", message: /^Cannot read ".*none": there is no such file; / });
    await Deno.mkdir(join(place, "folder.tar.gz"));
    await refuses("folder.tar.gz", {
      problem: "not a file",
      message: /^Cannot read ".*folder\.tar\.gz": it is not a file/,
    });
    await Deno.mkdir(join(place, "empty"));
    await refuses("empty", {
      problem: "missing",
      message: /^Cannot read ".*a\.bin": there is no such file; .*fake\.tar\.gz/,
    });
    await Deno.writeTextFile(join(place, "notes.txt"), "x");
    await refuses("notes.txt", { name: "RangeError", message: /expected .*fake\.tar\.gz/ });
  });
});

Deno.test("unpackArchive() never takes a member's name for a path", async () => {
  await withFolder(async (folder) => {
    const hostile = ["../a.bin", "/inside/a.bin", "inside/../a.bin", "a.bin", "other/inside/a.bin"]
      .map((name): Entry => ({ name, body: new Uint8Array(1500) }));
    const packed = ReadableStream.from([new Uint8Array(gzipSync(tar([...hostile, ...fakeEntries()])))]);
    const set = fakePackedSet(), pathOf = ({ name }: { name: string }) => join(folder, name);
    await unpackArchive(packed, { set, wanted: set.files, pathOf, source: "x" });
    await assertComplete(folder);
  });
});

Deno.test("unpackArchive() tells a full disk and leaves nothing of the file", async () => {
  await withFolder(async (folder) => {
    const set = fakePackedSet(), pathOf = ({ name }: { name: string }) => join(folder, name);
    const open = async (path: string, options: Deno.OpenOptions) => {
      const file = await Deno.open(path, options);
      const full = () => Promise.reject(Object.assign(new Error("No space left on device"), { code: "ENOSPC" }));
      return { write: full, sync: () => file.sync(), close: () => file.close() };
    };
    const packed = ReadableStream.from([right]);
    await assert.rejects(unpackArchive(packed, { set, wanted: set.files, pathOf, source: "x", open }), {
      problem: "disk",
      message: `Cannot write "${join(folder, "a.bin")}": the disk is full; free some space and try again`,
    });
    assert.deepEqual(await namesIn(folder), []);
  });
});

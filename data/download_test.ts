import assert from "node:assert/strict";
import { join } from "node:path";
import { type FakeMnist, fakeMnist, namesIn, withFolder, writeFiles } from "./_fake_mnist.ts";
import { type DownloadProgress, getDataset, getFiles } from "./download.ts";

type Answer = (name: string, bytes: Uint8Array<ArrayBuffer>) => Response | Promise<Response>;

const wholeFile: Answer = (_, bytes) => new Response(bytes);
const cutAfter = (count: number): Answer => (_, bytes) => new Response(bytes.slice(0, count));
const status = (code: number): Answer => () => new Response("sorry", { status: code });
const allNames = ["test-images.gz", "test-labels.gz", "train-images.gz", "train-labels.gz"];

interface Mirrors {
  readonly fake: FakeMnist;
  readonly cache: string;
  /** The cache's folder of this data set. */
  readonly folder: string;
  /** Host and port of each mirror. */
  readonly hosts: readonly string[];
  /** What was asked for, as "MIRROR NAME" with mirrors counted from 0. */
  readonly asked: readonly string[];
}

/** Serves the fake files on this machine, one mirror for each answer. */
async function withMirrors(answers: readonly Answer[], body: (mirrors: Mirrors) => Promise<void>): Promise<void> {
  const { contents } = fakeMnist();
  const asked: string[] = [];
  const servers = answers.map((answer, number) =>
    Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
      const name = new URL(request.url).pathname.slice("/files/".length);
      asked.push(`${number} ${name}`);
      return answer(name, contents.get(name)!);
    })
  );
  const hosts = servers.map(({ addr }) => `127.0.0.1:${addr.port}`);
  const fake = fakeMnist({}, hosts.map((host) => `http://${host}/files/`));
  try {
    await withFolder((cache) => body({ fake, cache, folder: join(cache, "fake"), hosts, asked }));
  } finally {
    await Promise.all(servers.map((server) => server.shutdown()));
  }
}

async function assertComplete({ fake, folder }: Mirrors): Promise<void> {
  assert.deepEqual(await namesIn(folder), allNames);
  for (const [name, bytes] of fake.contents) assert.deepEqual(await Deno.readFile(join(folder, name)), bytes);
}

Deno.test("getFiles() downloads every file once and reports each byte", async () => {
  await withMirrors([wholeFile], async (mirrors) => {
    const progress: DownloadProgress[] = [];
    const { fake, cache } = mirrors;
    const gotten = await getFiles(fake.set, { cache, onProgress: (event) => progress.push(event) });
    await assertComplete(mirrors);
    assert.deepEqual(
      gotten.map(({ file, origin }) => [file, origin]),
      fake.set.files.map(({ name }) => [name, "mirror"]),
    );
    assert.deepEqual(
      progress.filter(({ receivedBytes, totalBytes }) => receivedBytes === totalBytes),
      fake.set.files.map(({ name, bytes }, i) => ({
        file: name,
        fileNumber: i + 1,
        fileCount: 4,
        receivedBytes: bytes,
        totalBytes: bytes,
      })),
    );
  });
});

Deno.test("getFiles() asks for nothing that is there and right, and replaces what is wrong", async () => {
  await withMirrors([wholeFile], async (mirrors) => {
    const { fake, cache, folder, asked } = mirrors;
    await writeFiles(fake, folder, { "train-labels.gz": new Uint8Array(3) });
    const gotten = await getFiles(fake.set, { cache });
    assert.deepEqual(gotten.map(({ origin }) => origin), ["cache", "mirror", "cache", "cache"]);
    assert.deepEqual(asked, ["0 train-labels.gz"]);
    await assertComplete(mirrors);
  });
});

const badMirrors: readonly [string, Answer, string][] = [
  ["answers 404", status(404), "it answered HTTP 404"],
  ["answers 500", status(500), "it answered HTTP 500"],
  ["sends half a file", cutAfter(20), "it ended after 20 of "],
  ["sends nothing", cutAfter(0), "it ended after 0 of "],
  ["sends another file", (_, bytes) => new Response(new Uint8Array(bytes.length)), "its SHA-256 is not the original's"],
  ["sends too much", (_, bytes) => new Response(new Blob([bytes, bytes])), "more than the original's "],
  ["falls silent", () => new Response(new ReadableStream()), "nothing came for 0.2 seconds"],
];
for (const [what, answer, reason] of badMirrors) {
  Deno.test(`getFiles() goes to the next mirror when one ${what}`, async () => {
    await withMirrors([answer, wholeFile], async (mirrors) => {
      await getFiles(mirrors.fake.set, { cache: mirrors.cache, stallSeconds: 0.2 });
      await assertComplete(mirrors);
      assert.equal(mirrors.asked.length, 8);
    });
  });

  Deno.test(`getFiles() leaves nothing and tells each mirror's failure when all but 404 ${what}`, async () => {
    await withMirrors([status(404), answer], async ({ fake, cache, folder, hosts }) => {
      await assert.rejects(getFiles(fake.set, { cache, stallSeconds: 0.2 }), (error: Error) => {
        const first = `Cannot download "train-images.gz": ${hosts[0]}: it answered HTTP 404; ${hosts[1]}: ${reason}`;
        assert.equal(error.message.slice(0, first.length), first);
        assert.match(error.message, /; check the network, or take the file from disk with --from$/);
        assert.doesNotMatch(error.message, /\n/);
        return true;
      });
      assert.deepEqual(await namesIn(folder), []);
    });
  });
}

Deno.test("getFiles() keeps a file packed whose mirror calls the packing a content encoding", async () => {
  const labelled: Answer = (_, bytes) => new Response(bytes, { headers: { "content-encoding": "gzip" } });
  await withMirrors([labelled], async (mirrors) => {
    await getFiles(mirrors.fake.set, { cache: mirrors.cache });
    await assertComplete(mirrors);
  });
});

Deno.test("getFiles() goes to the next mirror when the connection breaks off", async () => {
  await withMirrors([wholeFile], async ({ fake, cache, folder }) => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const breaking = (async () => {
      for await (const connection of listener) {
        await connection.read(new Uint8Array(4096));
        await connection.write(new TextEncoder().encode("HTTP/1.1 200 OK\r\ncontent-length: 90\r\n\r\nhalf"));
        connection.close();
      }
    })();
    const host = `127.0.0.1:${listener.addr.port}`;
    try {
      await assert.rejects(
        getFiles({ ...fake.set, mirrors: [`http://${host}/`] }, { cache }),
        (error: Error) => error.message.includes(`${host}: the connection failed (`),
      );
      assert.deepEqual(await namesIn(folder), []);
      await getFiles({ ...fake.set, mirrors: [`http://${host}/`, ...fake.set.mirrors] }, { cache });
      assert.deepEqual(await namesIn(folder), allNames);
    } finally {
      listener.close();
      await breaking;
    }
  });
});

Deno.test("getFiles() tells of a mirror that nobody listens at", async () => {
  const closed = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const host = `127.0.0.1:${closed.addr.port}`;
  closed.close();
  await withFolder(async (cache) => {
    await assert.rejects(getFiles(fakeMnist({}, [`http://${host}/`]).set, { cache }), {
      message:
        `Cannot download "train-images.gz": ${host}: the connection failed (tcp connect error: Connection refused ` +
        "(os error 111)); check the network, or take the file from disk with --from",
    });
    assert.deepEqual(await namesIn(join(cache, "fake")), []);
  });
});

Deno.test("getFiles() names the flag when Deno may not use the network", {
  permissions: { read: true, write: true, net: false },
}, async () => {
  await withFolder(async (cache) => {
    await assert.rejects(getFiles(fakeMnist({}, ["https://mirror.example/"]).set, { cache }), {
      message: `Cannot download "train-images.gz": mirror.example: Deno was not given access to it; add ` +
        "--allow-net=mirror.example; check the network, or take the file from disk with --from",
    });
  });
});

Deno.test("getFiles() stops on a signal, throws its reason and leaves nothing half-written", async () => {
  const endless: Answer = (_, bytes) =>
    new Response(
      new ReadableStream({
        start: (controller) => controller.enqueue(bytes.slice(0, 10)),
      }),
    );
  await withMirrors([endless, wholeFile], async ({ fake, cache, folder, asked }) => {
    const controller = new AbortController(), reason = new Error("stopped by the user");
    const work = getFiles(fake.set, { cache, signal: controller.signal, onProgress: () => controller.abort(reason) });
    await assert.rejects(work, reason);
    assert.deepEqual(await namesIn(folder), []);
    assert.deepEqual(asked, ["0 train-images.gz"]);
    await assert.rejects(getFiles(fake.set, { cache, signal: controller.signal }), reason);
  });
});

Deno.test("getFiles() takes a folder's files from disk without the network", {
  permissions: { read: true, write: true, net: false },
}, async () => {
  await withFolder(async (place) => {
    const fake = fakeMnist(), cache = join(place, "new", "cache");
    await writeFiles(fake, join(place, "files"));
    const gotten = await getFiles(fake.set, { cache, from: join(place, "files") });
    assert.deepEqual(gotten.map(({ origin }) => origin), ["disk", "disk", "disk", "disk"]);
    assert.deepEqual(await namesIn(join(cache, "fake")), allNames);
    const again = await getFiles(fake.set, { cache, from: join(place, "files") });
    assert.deepEqual(again.map(({ origin }) => origin), ["cache", "cache", "cache", "cache"]);
  });
});

Deno.test("getFiles() takes a single file from disk", async () => {
  await withFolder(async (cache) => {
    const fake = fakeMnist(), path = join(cache, "train-labels.gz");
    await Deno.writeFile(path, fake.contents.get("train-labels.gz")!);
    const gotten = await getFiles(fake.set, { cache, from: path });
    assert.deepEqual(gotten.map(({ file, origin }) => [file, origin]), [["train-labels.gz", "disk"]]);
    assert.deepEqual(await namesIn(join(cache, "fake")), ["train-labels.gz"]);
  });
});

Deno.test("getFiles() refuses files from disk that are missing, cut off, changed or something else", async () => {
  await withFolder(async (place) => {
    const fake = fakeMnist(), cache = join(place, "cache"), files = join(place, "files");
    const refuses = (from: string, expected: { message: string | RegExp; name?: string; problem?: string }) =>
      assert.rejects(getFiles(fake.set, { cache, from }), expected);

    await refuses(files, {
      problem: "missing",
      message: `Cannot read "${files}": there is no such file; give the file or folder that holds the data`,
    });
    const images = fake.contents.get("train-images.gz")!;
    await writeFiles(fake, files, { "train-images.gz": images.subarray(0, 30) });
    await refuses(files, {
      problem: "wrong size",
      message:
        `Cannot use "${files}/train-images.gz": it has 30 bytes, the original ${images.length}, so it is cut off ` +
        "or another file; expected the original train-images.gz, still packed",
    });
    await Deno.writeFile(join(files, "train-images.gz"), images.map((byte) => byte ^ 1));
    await refuses(files, { problem: "wrong hash", message: /; expected the original train-images.gz, still packed$/ });
    await Deno.remove(join(files, "train-images.gz"));
    await refuses(files, {
      problem: "missing",
      message:
        `Cannot read "${files}/train-images.gz": there is no such file; expected the original train-images.gz, ` +
        "still packed",
    });
    await Deno.writeTextFile(join(files, "notes.txt"), "x");
    await refuses(join(files, "notes.txt"), {
      name: "RangeError",
      message: `Cannot take "${files}/notes.txt" as a file of data set "fake": expected a folder or one of ` +
        "train-images.gz, train-labels.gz, test-images.gz, test-labels.gz",
    });
    assert.deepEqual(await namesIn(join(cache, "fake")), []);
  });
});

Deno.test("getFiles() tells what stands in the way of the cache folder", async () => {
  await withFolder(async (place) => {
    const fake = fakeMnist(), cache = join(place, "cache");
    await writeFiles(fake, join(place, "files"));
    const from = join(place, "files");
    await Deno.writeTextFile(cache, "a file");
    await assert.rejects(getFiles(fake.set, { cache, from }), {
      problem: "not a file",
      message: `Cannot write "${cache}/fake": a part of its path is a file, not a folder; choose another folder`,
    });
    await Deno.remove(cache);
    await Deno.mkdir(join(cache, "fake", "train-images.gz"), { recursive: true });
    await assert.rejects(getFiles(fake.set, { cache, from }), {
      problem: "not a file",
      message: `Cannot read "${cache}/fake/train-images.gz": it is a folder, not a file; move it away`,
    });
  });
});

Deno.test("getFiles() names folder and flag when Deno may not make the cache folder", {
  permissions: { read: true, write: false },
}, async () => {
  await assert.rejects(getFiles(fakeMnist({}, ["https://mirror.example/"]).set, { cache: "/nowhere/cache" }), {
    problem: "not permitted",
    message: `Cannot write "/nowhere/cache/fake": Deno was not given access to its folder; add ` +
      "--allow-write=/nowhere/cache",
  });
});

Deno.test("getDataset() has nothing to get where no file is needed and refuses unknown names", async () => {
  assert.deepEqual(await getDataset("synthetic", { cache: "/nowhere" }), []);
  await assert.rejects(getDataset("cifar", { cache: "/nowhere" }), {
    name: "RangeError",
    message: /^Cannot find data set "cifar"/,
  });
});

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { bindingPath, libraryPath, nativeFolder, recordPath } from "./place.ts";
import { hashOwnSources, processorName, readSetup, type SetupRecord, writeRecord } from "./setup_record.ts";

/** The hash of files that are empty. */
const EMPTY = createHash("sha256").update("/binding.node").update("/library.so").digest("hex");

async function recordOf(changes: Partial<SetupRecord> = {}): Promise<string> {
  return writeRecord({
    tensorflow: "2.21.0",
    folder: "/nowhere",
    libraries: [],
    gpu: false,
    ownOperations: true,
    compiler: "g++ 12",
    flags: [],
    sources: await hashOwnSources(),
    binaries: EMPTY,
    cpu: await processorName(),
    built: "2026-01-01T00:00:00.000Z",
    ...changes,
  });
}

/** A cache folder with a record and, unless told otherwise, files in the place of what was built. */
async function withCache(record: string, files: (cache: string) => string[], work: (cache: string) => Promise<void>) {
  const cache = await Deno.makeTempDir();
  try {
    await Deno.mkdir(nativeFolder(cache));
    await Deno.writeTextFile(recordPath(cache), record);
    for (const path of files(cache)) await Deno.writeTextFile(path, "");
    await work(cache);
  } finally {
    await Deno.remove(cache, { recursive: true });
  }
}

const built = (cache: string) => [bindingPath(cache), libraryPath(cache)];

async function reason(record: string, files = built): Promise<string | null> {
  let found: string | null = null;
  await withCache(record, files, async (cache) => {
    const state = await readSetup(cache);
    found = state.ready ? null : state.reason;
  });
  return found;
}

Deno.test("readSetup() finds a finished setup", async () => {
  assert.equal(await reason(await recordOf()), null);
});

Deno.test("readSetup() says why a setup cannot be used", async () => {
  assert.equal(await reason(""), "TensorFlow is not set up");
  assert.equal(await reason('{"schema":"another"}'), "TensorFlow is not set up");
  assert.equal(await reason(await recordOf(), (cache) => [bindingPath(cache)]), "TensorFlow's binding is missing");
  assert.equal(await reason(await recordOf({ binaries: "other" })), "TensorFlow's binding is damaged");
  const gone = await recordOf({ libraries: ["/nowhere/libtensorflow_cc.so.2"] });
  assert.equal(await reason(gone), 'TensorFlow is no longer in "/nowhere"');
  assert.match(await reason(await recordOf({ sources: "old" })) ?? "", /have changed since TensorFlow's binding/);
});

Deno.test({
  name: "readSetup() refuses a binding for another processor, whose instructions this one may lack" +
    (await processorName() === null ? " (ignored: the processor has no name)" : ""),
  ignore: await processorName() === null,
  async fn() {
    const found = await reason(await recordOf({ cpu: "Z80" }));
    assert.equal(found, "TensorFlow's binding was built for another processor, Z80");
  },
});

Deno.test("readSetup() finds nothing in an empty cache", async () => {
  const cache = await Deno.makeTempDir();
  assert.deepEqual(await readSetup(cache), { ready: false, reason: "TensorFlow is not set up", record: null });
  await Deno.remove(cache);
});

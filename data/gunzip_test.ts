import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { gunzip } from "./gunzip.ts";

const original = Uint8Array.from({ length: 5_000 }, (_, i) => i * i % 251);
const packed = new Uint8Array(gzipSync(original));
const options = { limit: original.length, source: "a.gz" };

function changed(at: number): Uint8Array {
  const bytes = packed.slice();
  bytes[at]! ^= 0xff;
  return bytes;
}

Deno.test("gunzip() gives back any bytes, also none, when the limit is exactly theirs", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 3000 }), async (bytes) => {
      const unpacked = await gunzip(new Uint8Array(gzipSync(bytes)), { limit: bytes.length, source: "a.gz" });
      assert.deepEqual([...unpacked], [...bytes]);
    }),
    { seed: 1, numRuns: 30 },
  );
});

Deno.test("gunzip() refuses what is not gzip", async () => {
  for (const bytes of [new Uint8Array(0), new Uint8Array(10), new TextEncoder().encode("<html>404</html>")]) {
    await assert.rejects(gunzip(bytes, options), {
      problem: "wrong content",
      message: `Cannot unpack "a.gz": it is not a gzip file`,
    });
  }
});

const damaged: readonly [string, Uint8Array][] = [
  ["cut in the middle", packed.subarray(0, packed.length / 2)],
  ["cut in the trailer", packed.subarray(0, packed.length - 3)],
  ["cut in the header", packed.subarray(0, 5)],
  ["with a changed byte inside", changed(30)],
  ["with a changed checksum", changed(packed.length - 6)],
  ["with bytes after its end", new Uint8Array([...packed, 1, 2, 3])],
];
for (const [what, bytes] of damaged) {
  Deno.test(`gunzip() refuses a file ${what}`, async () => {
    await assert.rejects(gunzip(bytes, options), {
      problem: "wrong content",
      message: `Cannot unpack "a.gz": its gzip data is cut off or damaged`,
    });
  });
}

Deno.test("gunzip() stops at the limit, one byte or a bomb above it", async () => {
  const bomb = new Uint8Array(gzipSync(new Uint8Array(200_000_000), { level: 1 }));
  for (const [bytes, limit] of [[packed, original.length - 1], [bomb, 1_000]] as const) {
    await assert.rejects(gunzip(bytes, { limit, source: "a.gz" }), {
      problem: "wrong content",
      message: `Cannot unpack "a.gz": it holds more than the ${limit} bytes expected`,
    });
  }
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { concatenate, type Entry, tar } from "./_fake_archive.ts";
import { tarMembers } from "./tar.ts";

/** The bytes in pieces of `size`. */
async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

async function membersOf(bytes: Uint8Array, size = 512): Promise<[string, number[]][]> {
  const found: [string, number[]][] = [];
  for await (const { name, body } of tarMembers(pieces(bytes, size))) {
    found.push([name, [...concatenate(await Array.fromAsync(body))]]);
  }
  return found;
}

Deno.test("tarMembers() gives every file whatever pieces the archive comes in", async () => {
  const file = fc.record({ name: fc.stringMatching(/^[a-z]{1,90}$/), body: fc.uint8Array({ maxLength: 1200 }) });
  const property = fc.asyncProperty(
    fc.array(file, { maxLength: 4 }),
    fc.integer({ min: 1, max: 3000 }),
    async (files, size) => {
      assert.deepEqual(await membersOf(tar(files), size), files.map(({ name, body }) => [name, [...body]]));
    },
  );
  await fc.assert(property, { seed: 1, numRuns: 50 });
});

Deno.test("tarMembers() passes over bodies that are not read, folders and links", async () => {
  const entries: Entry[] = [
    { name: "folder/", kind: "5" },
    { name: "a", body: new Uint8Array(700) },
    { name: "link", kind: "2" },
    { name: "hard", kind: "1" },
    { name: "b", body: new Uint8Array(1) },
  ];
  const names: string[] = [];
  for await (const { name, bytes } of tarMembers(pieces(tar(entries), 100))) names.push(`${name} ${bytes}`);
  assert.deepEqual(names, ["a 700", "b 1"]);
});

Deno.test("tarMembers() joins a long name's two parts, but not what old archives have in that place", async () => {
  const entry: Entry = { name: "a".repeat(100), prefix: "b".repeat(155) }, ustar = tar([entry]);
  assert.deepEqual(await membersOf(ustar), [[`${entry.prefix}/${entry.name}`, []]]);
  // without "ustar" the sum is less by its bytes
  const old = ustar.slice();
  old.fill(0, 257, 265);
  const sum = old.subarray(0, 512).reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 32 : byte), 0);
  old.set(new TextEncoder().encode(sum.toString(8).padStart(6, "0")), 148);
  assert.deepEqual(await membersOf(old), [[entry.name, []]]);
});

Deno.test("tarMembers() ends at the first empty block and closes its source, also when the caller stops early", async () => {
  const bytes = concatenate([tar([{ name: "a", body: new Uint8Array(2000) }]), tar([{ name: "b" }])]);
  for (const stop of [false, true]) {
    let given = 0, closed = false;
    const watched = async function* (): AsyncGenerator<Uint8Array> {
      try {
        for await (const piece of pieces(bytes, 512)) {
          given++;
          yield piece;
        }
      } finally {
        closed = true;
      }
    };
    for await (const { name } of tarMembers(watched())) {
      assert.equal(name, "a");
      if (stop) break;
    }
    // header, four blocks of body, the empty one
    assert.deepEqual([given, closed], [stop ? 1 : 6, true]);
  }
});

const changed = (at: number): Uint8Array => tar([{ name: "a" }]).map((byte, i) => i === at ? byte ^ 1 : byte);
const damaged: readonly [string, Uint8Array, RegExp][] = [
  ["a changed name", changed(0), /^a header is damaged, or it is no tar archive$/],
  ["a changed sum", changed(150), /^a header is damaged, or it is no tar archive$/],
  ["other content", new Uint8Array(1024).fill(65), /^a header is damaged, or it is no tar archive$/],
  ["a negative size", tar([{ name: "a", size: "-0000000001" }]), /^a header gives no size that can be read$/],
  ["a binary size", tar([{ name: "a", size: "\x7f0000000001" }]), /^a header gives no size that can be read$/],
  ["a member of 8 GiB", tar([{ name: "a", size: "77777777777" }]), /^it states more than 1073741824 bytes$/],
  ["a cut header", tar([{ name: "a" }]).subarray(0, 300), /^it is cut off$/],
  ["a cut body", tar([{ name: "a", body: new Uint8Array(900) }]).subarray(0, 1000), /^it is cut off$/],
  ["a cut padding", tar([{ name: "a", body: new Uint8Array(900) }]).subarray(0, 512 + 950), /^it is cut off$/],
  ["a damaged second header", tar([{ name: "a" }, { name: "b" }]).map((byte, i) => i === 512 ? 99 : byte), /^a header/],
  [
    "members that are too large together",
    tar([{ name: "a", body: new Uint8Array(1) }, { name: "b", kind: "5", size: "10000000000" }]),
    /^it states more than 1073741824 bytes$/,
  ],
  ["no end", tar([{ name: "a" }]).subarray(0, 512), /^it is cut off$/],
  ["nothing", new Uint8Array(), /^it is cut off$/],
];
for (const [what, bytes, message] of damaged) {
  Deno.test(`tarMembers() refuses ${what}`, async () => {
    await assert.rejects(membersOf(bytes), { name: "SyntaxError", message });
  });
}

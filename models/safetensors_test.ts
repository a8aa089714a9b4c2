import fc from "fast-check";
import assert from "node:assert/strict";
import { readSafetensors, writeSafetensors } from "./safetensors.ts";

/** A file from a header (a string is taken as it is) and data. */
function file(header: unknown, data: ArrayLike<number> = [], headerBytes?: bigint): Uint8Array {
  const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, headerBytes ?? BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

const entry = (begin: number, end: number, dtype: unknown = "F32", shape: unknown = [(end - begin) / 4]) => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

Deno.test("writeSafetensors() and readSafetensors() are inverse", () => {
  const shape = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 });
  const tensor = shape.chain((shape) => {
    const length = shape.reduce((a, b) => a * b, 1);
    return fc.record({
      shape: fc.constant(shape),
      values: fc.float32Array({ minLength: length, maxLength: length }),
    });
  });
  const name = fc.string({ unit: "grapheme" }).filter((name) => !["__metadata__", "__proto__"].includes(name));
  const metadata = fc.dictionary(name, fc.string({ unit: "grapheme" }));
  fc.assert(
    fc.property(fc.dictionary(name, tensor), metadata, (tensors, metadata) => {
      const bytes = writeSafetensors(new Map(Object.entries(tensors)), metadata);
      const read = readSafetensors(bytes, "memory");
      assert.deepEqual(new Map(Object.entries(metadata)), read.metadata);
      assert.deepEqual(new Set(read.tensors.keys()), new Set(Object.keys(tensors)));
      for (const [name, { shape, values }] of Object.entries(tensors)) {
        assert.deepEqual(read.tensors.get(name), { dtype: "F32", shape, values });
      }
    }),
    { seed: 1, numRuns: 100 },
  );
});

Deno.test("readSafetensors() reads every type little-endian, from bytes at any offset", () => {
  const header = {
    a: entry(0, 4, "U8", [2, 2]),
    b: entry(4, 8, "U32", [1]),
    c: entry(8, 16, "I64", []),
    d: entry(16, 20, "F32", [1, 1]),
  };
  const plain = file(header, [1, 2, 3, 255, 1, 2, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 128, 63]);
  const shifted = new Uint8Array(plain.length + 3);
  shifted.set(plain, 3);
  const { tensors } = readSafetensors(shifted.subarray(3), "memory");
  assert.deepEqual(tensors.get("a"), { dtype: "U8", shape: [2, 2], values: Uint8Array.of(1, 2, 3, 255) });
  assert.deepEqual(tensors.get("b"), { dtype: "U32", shape: [1], values: Uint32Array.of(513) });
  assert.deepEqual(tensors.get("c"), { dtype: "I64", shape: [], values: BigInt64Array.of(-1n) });
  assert.deepEqual(tensors.get("d"), { dtype: "F32", shape: [1, 1], values: Float32Array.of(1) });
});

const four = [0, 0, 0, 0];
const eight = [...four, ...four];
const hostile: [string, Uint8Array, string][] = [
  ["an empty file", new Uint8Array(0), "it has 0 bytes, too few for a header"],
  ["seven bytes", new Uint8Array(7), "it has 7 bytes, too few for a header"],
  [
    "a header length above the bound",
    file({}, [], 2n ** 63n),
    `its header length ${2n ** 63n} is above 16777216 bytes`,
  ],
  ["a header that ends after the file", file({}, [], 100n), "its header of 100 bytes ends after the file"],
  ["a header that is not JSON", file("{"), "its header is not valid JSON"],
  ["an empty header", file(""), "its header is not valid JSON"],
  ["a header that is a list", file([]), "its header is not a JSON object"],
  ["a header that is null", file("null"), "its header is not a JSON object"],
  ["a header that is not UTF-8", file("{}").fill(0xff, 8), "its header is not valid UTF-8"],
  ["a byte order mark", file("\ufeff{}"), "its header is not valid JSON"],
  ["metadata that is no object", file({ __metadata__: "x" }), "its metadata is not a JSON object"],
  ["metadata that is no string", file({ __metadata__: { epoch: 1 } }), 'its metadata "epoch" is not a string'],
  ["a tensor that is a number", file({ w: 1 }), 'tensor "w" is not a JSON object'],
  [
    "an unknown type",
    file({ w: entry(0, 4, "BF16", [2]) }, four),
    'tensor "w" has type "BF16", expected F32, I64, U32, U8; convert it with .float()',
  ],
  [
    "a type named like a method",
    file({ w: entry(0, 4, "toString", [1]) }, four),
    'tensor "w" has type "toString", expected F32, I64, U32, U8',
  ],
  [
    "no type",
    file({ w: { shape: [1], data_offsets: [0, 4] } }, four),
    'tensor "w" has no type, expected F32, I64, U32, U8',
  ],
  ["no shape", file({ w: entry(0, 4, "F32", null) }, four), 'tensor "w" has no shape of at most 8 sizes'],
  ["a negative size", file({ w: entry(0, 4, "F32", [-1, -1]) }, four), 'tensor "w" has no shape of at most 8 sizes'],
  ["a fractional size", file({ w: entry(0, 4, "F32", [0.5, 2]) }, four), 'tensor "w" has no shape of at most 8 sizes'],
  ["nine sizes", file({ w: entry(0, 4, "F32", Array(9).fill(1)) }, four), 'tensor "w" has no shape of at most 8 sizes'],
  ["no offsets", file({ w: { dtype: "F32", shape: [1] } }, four), 'tensor "w" has no pair of offsets'],
  [
    "three offsets",
    file({ w: { dtype: "F32", shape: [1], data_offsets: [0, 4, 4] } }, four),
    'tensor "w" has no pair of offsets',
  ],
  ["offsets in reverse", file({ w: entry(4, 0, "F32", [1]) }, four), 'tensor "w" ends before it begins'],
  [
    "too few bytes for the shape",
    file({ w: entry(0, 4, "F32", [2]) }, four),
    'tensor "w" has 4 bytes where its shape [2] and type F32 need others',
  ],
  [
    "a shape beyond all memory",
    file({ w: entry(0, 4, "F32", [2 ** 52, 2 ** 52]) }, four),
    `tensor "w" has 4 bytes where its shape [${2 ** 52}, ${2 ** 52}] and type F32 need others`,
  ],
  [
    "a tensor after the end",
    file({ w: entry(0, 8) }, four),
    'tensor "w" ends at byte 8 of 4; the file may be truncated',
  ],
  ["tensors that overlap", file({ a: entry(0, 8), b: entry(4, 8) }, eight), 'tensor "b" overlaps another tensor'],
  [
    "two tensors on the same bytes",
    file({ a: entry(0, 4), b: entry(0, 4) }, four),
    'tensor "b" overlaps another tensor',
  ],
  ["a gap", file({ w: entry(4, 8) }, eight), '4 bytes before tensor "w" belong to no tensor'],
  ["bytes after the last tensor", file({ w: entry(0, 4) }, eight), "its last 4 bytes belong to no tensor"],
  [
    "a tensor given twice",
    file(`{"w":${JSON.stringify(entry(0, 4))},"w":${JSON.stringify(entry(4, 8))}}`, eight),
    '4 bytes before tensor "w" belong to no tensor',
  ],
  ["a name with a line break", file({ "a\nb": 1 }), 'tensor "a\\nb" is not a JSON object'],
  ["an endless name", file({ ["a".repeat(2 ** 20)]: 1 }), `tensor "${"a".repeat(200)}…" is not a JSON object`],
  [
    "an endless type",
    file({ w: entry(0, 4, "b".repeat(2 ** 20)) }, four),
    `tensor "w" has type "${"b".repeat(200)}…", expected F32, I64, U32, U8`,
  ],
  ["a type of lists", file(`{"w":{"dtype":${"[".repeat(2 ** 20)}`), "its header is nested more than 3 deep"],
  [
    "sizes whose product is no number",
    file({ w: entry(0, 4, "F32", [0, ...Array(7).fill(Number.MAX_SAFE_INTEGER)]) }, four),
    `tensor "w" has 4 bytes where its shape [0, ${
      Array(7).fill(Number.MAX_SAFE_INTEGER).join(", ")
    }] and type F32 need others`,
  ],
];

for (const [what, bytes, message] of hostile) {
  Deno.test(`readSafetensors() refuses ${what}`, () => {
    const expected = `Cannot read safetensors file "x.safetensors": ${message}`;
    assert.throws(() => readSafetensors(bytes, "x.safetensors"), { name: "SyntaxError", message: expected });
  });
}

Deno.test("readSafetensors() refuses every truncation of a file", () => {
  const whole = writeSafetensors(new Map([["w", { shape: [3], values: Float32Array.of(1, 2, 3) }]]), { a: "b" });
  for (let length = 0; length < whole.length; length++) {
    assert.throws(() => readSafetensors(whole.subarray(0, length), "x"), { name: "SyntaxError" }, String(length));
  }
});

Deno.test("readSafetensors() takes brackets and quotation marks in names for text", () => {
  const name = '[[[[{{{{"\\\\"[[[[';
  assert.ok(readSafetensors(file({ [name]: entry(0, 4) }, four), "x").tensors.has(name));
});

Deno.test("writeSafetensors() and readSafetensors() keep int64, empty tensors and names of JavaScript's own", () => {
  const tensors = new Map([
    ["__proto__", { shape: [], values: BigInt64Array.of(-5n) }],
    ["constructor", { shape: [3, 0], values: new Float32Array(0) }],
    ["toString", { shape: [1], values: Float32Array.of(2) }],
  ]);
  const read = readSafetensors(writeSafetensors(tensors), "memory").tensors;
  assert.deepEqual([...read.keys()], [...tensors.keys()]);
  assert.deepEqual(read.get("__proto__"), { dtype: "I64", shape: [], values: BigInt64Array.of(-5n) });
  assert.deepEqual(read.get("constructor"), { dtype: "F32", shape: [3, 0], values: new Float32Array(0) });
});

Deno.test("readSafetensors() takes the last of two descriptions of the same bytes", () => {
  const text = `{"w":${JSON.stringify(entry(0, 4))},"w":${JSON.stringify(entry(0, 4, "U8", [4]))}}`;
  assert.deepEqual([...readSafetensors(file(text, four), "x").tensors].map(([name, { dtype }]) => [name, dtype]), [
    ["w", "U8"],
  ]);
});

Deno.test("readSafetensors() reads a hundred thousand tensors", () => {
  const tensors = new Map(
    Array.from({ length: 1e5 }, (_, i) => [`layer${i}`, { shape: [1], values: Float32Array.of(i) }]),
  );
  const read = readSafetensors(writeSafetensors(tensors), "memory").tensors;
  assert.equal(read.size, 1e5);
  assert.deepEqual(read.get("layer77777")?.values, Float32Array.of(77777));
});

Deno.test("readSafetensors() reads a damaged file or refuses it in one line", () => {
  const whole = writeSafetensors(
    new Map([["a", { shape: [2, 2], values: new Float32Array(4) }], ["b", { shape: [1], values: Float32Array.of(1) }]]),
    { run: "r1" },
  );
  const digits = fc.constantFrom(...'0123456789[]{}",:\\eE-.'.split("").map((character) => character.charCodeAt(0)));
  const change = fc.tuple(fc.nat(whole.length - 1), fc.oneof(fc.integer({ min: 0, max: 255 }), digits));
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), fc.nat(whole.length), (changes, cut) => {
      const bytes = whole.slice(0, cut < 100 ? cut : whole.length);
      for (const [at, value] of changes) bytes[at % bytes.length] = value;
      try {
        readSafetensors(bytes, "x");
      } catch (error) {
        assert.ok(error instanceof SyntaxError, String(error));
        assert.match(error.message, /^Cannot read safetensors file "x": [^\n]{1,2000}$/);
      }
    }),
    { seed: 1, numRuns: 1000 },
  );
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { idx } from "./_fake_mnist.ts";
import { idxBytes, parseIdx } from "./idx.ts";

const source = "a-idx3-ubyte";

Deno.test("parseIdx() gives the elements of any shape", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 3 }), (shape) => {
      const elements = Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i % 256);
      assert.deepEqual([...parseIdx(idx(shape, elements), { shape, source })], elements);
    }),
    { seed: 1 },
  );
});

Deno.test("parseIdx() reads a view that does not begin at its buffer's start", () => {
  const bytes = new Uint8Array([9, 9, 9, ...idx([2], [5, 6])]);
  assert.deepEqual([...parseIdx(bytes.subarray(3), { shape: [2], source })], [5, 6]);
});

Deno.test("idxBytes() is the length of the file", () => {
  assert.equal(idxBytes([60_000, 28, 28]), 47_040_016);
  assert.equal(idxBytes([3]), idx([3], [0, 0, 0]).length);
});

function withWord(at: number, value: number): Uint8Array {
  const bytes = idx([2, 1, 2], [1, 2, 3, 4]);
  new DataView(bytes.buffer).setUint32(at, value);
  return bytes;
}

const bad: readonly [string, Uint8Array, string][] = [
  ["no bytes", new Uint8Array(0), "it has 0 bytes, its header alone needs 16"],
  ["half a header", idx([2, 1, 2], []).subarray(0, 10), "it has 10 bytes, its header alone needs 16"],
  ["a wrong magic number", withWord(0, 0x1f8b0800), "it begins with 0x1f8b0800, expected 0x00000803"],
  ["elements of another type", withWord(0, 0x00000d03), "it begins with 0x00000d03, expected 0x00000803"],
  ["labels where images belong", idx([12], new Uint8Array(12)), "it begins with 0x00000801, expected 0x00000803"],
  ["another count", idx([1, 1, 2], [1, 2]), "its header states 1x1x2 elements, expected 2x1x2"],
  ["huge dimensions", withWord(8, 0xffffffff), "its header states 2x4294967295x2 elements, expected 2x1x2"],
  ["missing elements", idx([2, 1, 2], [1, 2, 3]), "it has 19 bytes, 2x1x2 elements need 20"],
  ["too many elements", idx([2, 1, 2], [1, 2, 3, 4, 5]), "it has 21 bytes, 2x1x2 elements need 20"],
];
for (const [what, bytes, reason] of bad) {
  Deno.test(`parseIdx() refuses ${what}`, () => {
    assert.throws(() => parseIdx(bytes, { shape: [2, 1, 2], source }), {
      problem: "wrong content",
      message: `Cannot read "a-idx3-ubyte" as IDX: ${reason}`,
    });
  });
}

import assert from "node:assert/strict";
import { philox4x32 } from "./philox.ts";

/** Known answers published with Random123 (file kat_vectors, "philox4x32 10"). */
const knownAnswers = [
  {
    counter: [0, 0, 0, 0],
    key: [0, 0],
    block: [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
  },
  {
    counter: [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    key: [0xffffffff, 0xffffffff],
    block: [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  },
  {
    counter: [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    key: [0xa4093822, 0x299f31d0],
    block: [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  },
];

for (const { counter, key, block } of knownAnswers) {
  Deno.test(`philox4x32() gives Random123's known answer for key ${key.map((word) => word.toString(16))}`, () => {
    const out = new Uint32Array(4);
    philox4x32(new Uint32Array(counter), new Uint32Array(key), out);
    assert.deepEqual([...out], block);
  });
}

Deno.test("philox4x32() leaves counter and key as they were", () => {
  const counter = new Uint32Array([1, 2, 3, 4]), key = new Uint32Array([5, 6]);
  philox4x32(counter, key, new Uint32Array(4));
  assert.deepEqual([[...counter], [...key]], [[1, 2, 3, 4], [5, 6]]);
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { seal } from "../models/sealed.ts";
import { decodeChunk, encodeChunk, type OutcomeChunk } from "./outcome_store.ts";

const chunks: fc.Arbitrary<OutcomeChunk> = fc.array(
  fc.record({ position: fc.nat(1e7), outcome: fc.integer({ min: -1, max: 50 }), predicted: fc.nat(999) }),
  { maxLength: 20 },
).chain((rows) =>
  fc.record({
    positions: fc.constant(Uint32Array.from(rows, ({ position }) => position)),
    outcomes: fc.constant(Float64Array.from(rows, ({ outcome }) => outcome)),
    predicted: fc.constant(Int32Array.from(rows, ({ predicted }) => predicted)),
    images: fc.float32Array({ minLength: 0, maxLength: 40, noNaN: true }),
    maxPerturbation: fc.double({ min: 0, max: 10, noNaN: true }),
    violations: fc.nat(20),
    seconds: fc.double({ min: 0, max: 1e5, noNaN: true }),
  }, { noNullPrototype: true })
);

Deno.test("a chunk comes back from its file as it was", () => {
  fc.assert(
    fc.property(chunks, fc.string({ maxLength: 30 }), (chunk, sweep) => {
      assert.deepEqual(decodeChunk(encodeChunk(sweep, chunk), "chunk"), { sweep, chunk });
    }),
    { seed: 6, numRuns: 200 },
  );
});

Deno.test("a chunk that is cut off or altered is refused in one line, and never read as another", () => {
  const bytes = encodeChunk("pgd-20", {
    positions: Uint32Array.of(1, 2, 3),
    outcomes: Float64Array.of(1, 0, 1),
    predicted: Int32Array.of(5, 6, 7),
    images: new Float32Array(16),
    maxPerturbation: 0.2,
    violations: 0,
    seconds: 1.5,
  });
  const refusesPlainly = (damaged: Uint8Array) => {
    try {
      decodeChunk(damaged, "000001.safetensors");
      return false; // the name of a tensor's type or the like: the contents are those that were written
    } catch (error) {
      assert.ok(error instanceof SyntaxError, String(error));
      assert.match(error.message, /^Cannot read [^\n]*000001\.safetensors[^\n]*$/);
      return true;
    }
  };
  for (let length = 0; length < bytes.length; length++) {
    assert.ok(refusesPlainly(bytes.slice(0, length)), `cut to ${length} bytes`);
  }
  for (let at = 0; at < bytes.length; at++) {
    for (const change of [1, 0x20, 0x80, 0xff]) {
      const damaged = bytes.slice();
      damaged[at]! ^= change;
      if (!refusesPlainly(damaged)) assert.deepEqual(decodeChunk(damaged, "chunk"), decodeChunk(bytes, "chunk"));
    }
  }
});

Deno.test("a sealed file that holds no outcomes is refused as a chunk", () => {
  const row = { shape: [1], values: Float32Array.of(1) };
  const refused = (bytes: Uint8Array, message: RegExp) =>
    assert.throws(() => decodeChunk(bytes, "000001.safetensors"), { name: "SyntaxError", message });
  refused(seal(new Map([["weights", row]]), {}), /^Cannot read 000001\.safetensors: it holds no outcomes$/);
  const metadata = { sweep: "clean", numbers: "{}" };
  refused(seal(new Map([["positions", row]]), metadata), /^Cannot read 000001\.safetensors: it holds no outcomes$/);
});

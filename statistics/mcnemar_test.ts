import assert from "node:assert/strict";
import fc from "fast-check";
import { mcnemar } from "./mcnemar.ts";

/** The same sum in whole numbers. */
function exact(b: number, c: number): number {
  const n = BigInt(b + c);
  let term = 1n, sum = 0n;
  for (let k = 0n; k <= BigInt(Math.min(b, c)); k++) {
    sum += term;
    term = term * (n - k) / (k + 1n);
  }
  const precision = 10n ** 18n;
  return Math.min(1, Number(2n * sum * precision / 2n ** n) / 1e18);
}

Deno.test("mcnemar() gives values that can be worked out by hand", () => {
  assert.equal(mcnemar(0, 0), 1);
  assert.equal(mcnemar(0, 1), 1);
  assert.equal(mcnemar(3, 3), 1);
  const known: [number, number, number][] = [
    [0, 5, 2 / 32],
    [0, 10, 2 / 1024],
    [1, 9, 2 * 11 / 1024],
    [2, 8, 2 * 56 / 1024],
  ];
  for (const [b, c, p] of known) assert.ok(Math.abs(mcnemar(b, c) - p) < 1e-14, `${b} and ${c}`);
});

Deno.test("mcnemar() agrees with whole-number arithmetic and does not care which count is which", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 0, max: 400 }), (b, c) => {
      const p = mcnemar(b, c);
      assert.equal(p, mcnemar(c, b));
      assert.ok(p > 0 && p <= 1);
      assert.ok(Math.abs(p - exact(b, c)) < 1e-12 * p + 1e-17);
    }),
    { seed: 1, numRuns: 300 },
  );
});

Deno.test("mcnemar() falls as the counts move apart", () => {
  for (let c = 20; c < 60; c++) assert.ok(mcnemar(20, c + 1) < mcnemar(20, c) || mcnemar(20, c) === 1, `20 and ${c}`);
});

Deno.test("mcnemar() neither overflows nor vanishes on ten thousand images", () => {
  assert.equal(mcnemar(5000, 5000), 1);
  const p = mcnemar(4800, 5200);
  assert.ok(Math.abs(p - exact(4800, 5200)) < 1e-11, `${p}`); // a normal approximation gives 6.6e-5
  assert.ok(p > 6e-5 && p < 7e-5);
  assert.equal(mcnemar(0, 10_000), 0); // 2⁻⁹⁹⁹⁹ is below what a float64 holds
});

Deno.test("mcnemar() refuses counts that cannot be", () => {
  assert.throws(() => mcnemar(-1, 2), /^RangeError: Cannot compare outcomes that differ on -1 images: /);
  assert.throws(() => mcnemar(1, 0.5), RangeError);
  assert.throws(() => mcnemar(NaN, 1), RangeError);
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { random, type RandomStream } from "./random.ts";

const word = fc.integer({ min: 0, max: 0xffffffff });
const indices = fc.array(word, { maxLength: 3 });

function words(stream: RandomStream, count = 8): number[] {
  return Array.from({ length: count }, () => stream.uint32());
}

/** Pearson's statistic of how evenly `values` 0..bins-1 are spread. */
function chiSquared(values: readonly number[], bins: number): number {
  const counts = new Array<number>(bins).fill(0);
  for (const value of values) counts[value]! += 1;
  const expected = values.length / bins;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

Deno.test("random() gives the same numbers for the same arguments", () => {
  fc.assert(
    fc.property(word, fc.string(), indices, (seed, name, at) => {
      assert.deepEqual(words(random(seed, name, ...at)), words(random(seed, name, ...at)));
    }),
    { seed: 1 },
  );
});

Deno.test("random() gives other numbers for another seed, name or index", () => {
  const others = [
    random(8, "start", 1, 2, 3),
    random(7, "Start", 1, 2, 3),
    random(7, "start2", 1, 2, 3),
    random(7, "", 1, 2, 3),
    random(7, "start", 0, 2, 3),
    random(7, "start", 1, 0, 3),
    random(7, "start", 1, 2, 0),
    random(7, "start", 1, 2),
    random(7, "start", 2, 1, 3),
  ];
  const first = new Set(words(random(7, "start", 1, 2, 3)));
  for (const other of others) assert.ok(words(other).every((value) => !first.has(value)));
});

Deno.test("random() does not take a missing index for index 0", () => {
  assert.notDeepEqual(words(random(7, "order")), words(random(7, "order", 0)));
  assert.notDeepEqual(words(random(7, "order", 4)), words(random(7, "order", 4, 0)));
});

Deno.test("random() gives uncorrelated streams for neighbouring seeds, names and indices", () => {
  const count = 4096;
  const draw = (stream: RandomStream) => Array.from({ length: count }, () => stream.uniform() - 0.5);
  const base = draw(random(1, "a", 1));
  const others = [random(2, "a", 1), random(1, "b", 1), random(1, "a", 2), random(1, "a", 0), random(1, "a", 1, 0)];
  for (const other of others) {
    const correlation = 12 * draw(other).reduce((sum, value, i) => sum + value * base[i]!, 0) / count;
    assert.ok(Math.abs(correlation) < 5 / Math.sqrt(count), `correlation ${correlation}`);
  }
});

Deno.test("random() keeps the streams of two open readers apart", () => {
  const a = random(3, "a"), b = random(3, "b");
  const mixed = Array.from({ length: 10 }, () => [a.uint32(), b.uint32()]);
  assert.deepEqual(mixed.map(([x]) => x), words(random(3, "a"), 10));
  assert.deepEqual(mixed.map(([, y]) => y), words(random(3, "b"), 10));
});

Deno.test("uniform() spreads evenly over [0, 1) in steps of 2^-24", () => {
  const stream = random(11, "uniform");
  const values = Array.from({ length: 100_000 }, () => stream.uniform());
  assert.ok(values.every((value) => 0 <= value && value < 1 && Number.isInteger(value * 2 ** 24)));
  // 99 degrees of freedom: mean 99, standard deviation 14
  const spread = chiSquared(values.map((value) => Math.floor(100 * value)), 100);
  assert.ok(40 < spread && spread < 170, `chi squared ${spread}`);
});

Deno.test("uniform() stays in its bounds", () => {
  const bound = fc.double({ min: -1e6, max: 1e6, noNaN: true });
  fc.assert(
    fc.property(word, bound, bound, (seed, a, b) => {
      const low = Math.min(a, b), high = Math.max(a, b);
      const value = random(seed, "bounds").uniform(low, high);
      assert.ok(low <= value && value <= high);
    }),
    { seed: 2 },
  );
});

Deno.test("normal() has the moments of the standard normal distribution", () => {
  const count = 100_000, stream = random(12, "normal");
  const values = Array.from({ length: count }, () => stream.normal());
  const moment = (power: number) => values.reduce((sum, value) => sum + value ** power, 0) / count;
  // five standard errors each: variance of z, z^2, z^3, z^4 is 1, 2, 15, 96
  for (const [power, expected, variance] of [[1, 0, 1], [2, 1, 2], [3, 0, 15], [4, 3, 96]] as const) {
    assert.ok(Math.abs(moment(power) - expected) < 5 * Math.sqrt(variance / count), `moment ${power}`);
  }
});

Deno.test("integer() is even over bounds that do not divide 2^32", () => {
  for (const bound of [1, 3, 7, 10]) {
    const stream = random(13, "integer", bound);
    const values = Array.from({ length: 20_000 }, () => stream.integer(bound));
    assert.ok(values.every((value) => Number.isInteger(value) && 0 <= value && value < bound));
    const spread = chiSquared(values, bound);
    assert.ok(spread <= (bound - 1) + 5 * Math.sqrt(2 * (bound - 1)), `bound ${bound}: chi squared ${spread}`);
  }
});

Deno.test("integer() rejects the words that would favour small results", () => {
  // below 3 * 2^30 a plain remainder would give the first 2^30 integers twice as often
  const bound = 3 * 2 ** 30, stream = random(14, "integer");
  const values = Array.from({ length: 3_000 }, () => Math.floor(stream.integer(bound) / 2 ** 30));
  const spread = chiSquared(values, 3);
  assert.ok(spread < 14, `chi squared ${spread}`);
});

Deno.test("permutation() is a permutation of any length", () => {
  fc.assert(
    fc.property(word, fc.integer({ min: 0, max: 300 }), (seed, length) => {
      const order = random(seed, "permutation").permutation(length);
      assert.deepEqual([...order].sort((a, b) => a - b), Array.from({ length }, (_, i) => i));
    }),
    { seed: 3 },
  );
});

Deno.test("permutation() gives each of the 24 orders of four equally often", () => {
  const orders = Array.from({ length: 12_000 }, (_, i) => random(15, "orders", i).permutation(4).join(""));
  const names = [...new Set(orders)].sort();
  assert.equal(names.length, 24);
  // 23 degrees of freedom: mean 23, standard deviation 7
  const spread = chiSquared(orders.map((order) => names.indexOf(order)), 24);
  assert.ok(spread < 58, `chi squared ${spread}`);
});

Deno.test("random() refuses seeds and indices that are not 32-bit words, and a fourth index", () => {
  for (const value of [-1, 0.5, NaN, Infinity, 2 ** 32]) {
    assert.throws(() => random(value, "a"), {
      name: "RangeError",
      message: `Cannot make a random stream with seed ${value}: it must be an integer from 0 to 4294967295`,
    });
    assert.throws(() => random(0, "a", 1, value), {
      name: "RangeError",
      message: `Cannot make a random stream with index ${value}: it must be an integer from 0 to 4294967295`,
    });
  }
  assert.throws(() => random(0, "a", 1, 2, 3, 4), {
    name: "RangeError",
    message: "Cannot make a random stream with 4 indices: 3 at most",
  });
});

Deno.test("a stream refuses bounds and lengths out of range", () => {
  const stream = random(0, "a");
  for (const bound of [0, -1, 1.5, NaN, 2 ** 32 + 1]) {
    assert.throws(() => stream.integer(bound), { name: "RangeError", message: /^Cannot draw an integer below/ });
  }
  for (const length of [-1, 1.5, NaN]) {
    assert.throws(() => stream.permutation(length), {
      name: "RangeError",
      message: /^Cannot make a permutation of length/,
    });
  }
  for (const [low, high] of [[1, 0], [NaN, 1], [0, NaN], [0, Infinity], [-1e308, 1e308]]) {
    assert.throws(() => stream.uniform(low, high), { name: "RangeError", message: /^Cannot draw uniformly from/ });
  }
});

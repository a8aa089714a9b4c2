import assert from "node:assert/strict";
import fc from "fast-check";
import { random } from "../random/random.ts";
import { distanceL2 } from "./plain_batch.ts";
import { bipolarPattern, l2Moves } from "./square_l2.ts";

const SCHEDULE = { p: 0.8, queries: 5000, rescaleSchedule: false };
const EPSILON = 0.5;

type Shape = readonly [number, number, number];

/** An image after the start and after each of the queries. */
function walk(shape: Shape, clean: Float32Array, seed: number, queries: readonly number[]): Float32Array[] {
  const moves = l2Moves(clean, shape, EPSILON, SCHEDULE, [random(seed, "walk")]);
  const image = clean.slice();
  moves.start(image, 0);
  const images = [image.slice()];
  for (const query of queries) {
    moves.change(image, 0, query);
    images.push(image.slice());
  }
  return images;
}

Deno.test("bipolarPattern() has norm 1, its largest value in the upper half, its smallest in the lower", () => {
  for (const side of [1, 2, 3, 5, 6, 25]) {
    const pattern = bipolarPattern(side), upper = Math.floor(side / 2) * side;
    assert.ok(Math.abs(Math.hypot(...pattern) - 1) < 1e-12);
    assert.ok(pattern.every((value, i) => i < upper ? value > 0 : value < 0), `side ${side}`);
  }
});

Deno.test("bipolarPattern() of side 3 is 1 above two rows of 1/4 steps", () => {
  // upper half: one row of three around its middle, 1 + 1/4 there and 1/4 beside it; lower half: two rows around (1, 1)
  const upper = [0.25, 1.25, 0.25], lower = [0.25, 0.25, 0.25, 0.25, 1.25, 0.25];
  const unit = (values: number[], sign: number) => values.map((value) => sign * value / Math.hypot(...values));
  const expected = [...unit(upper, 1), ...unit(lower, -1)].map((value) => value / Math.SQRT2);
  bipolarPattern(3).forEach((value, i) => assert.ok(Math.abs(value - expected[i]!) < 1e-12, `entry ${i}`));
});

Deno.test("l2Moves() keeps every image at distance ε where the box does not cut, and within ε and the box elsewhere", () => {
  const shape = fc.constantFrom<Shape>([8, 8, 1], [28, 28, 1], [9, 7, 3], [3, 4, 2], [14, 20, 1], [1, 1, 1]);
  fc.assert(
    fc.property(shape, fc.integer({ min: 0, max: 1000 }), (shape, seed) => {
      const pixels = shape[0] * shape[1] * shape[2];
      const grey = new Float32Array(pixels).fill(0.5);
      for (const image of walk(shape, grey, seed, [0, 11, 100, 3000, 9000])) {
        assert.ok(Math.abs(distanceL2(image, grey) - EPSILON) < 1e-6 * pixels);
      }
      const noise = random(seed, "pixels");
      const extreme = Float32Array.from(grey, () => Math.min(1, Math.max(0, noise.uniform(-0.5, 1.5))));
      for (const image of walk(shape, extreme, seed, [0, 11, 100, 3000, 9000])) {
        assert.ok(distanceL2(image, extreme) <= EPSILON + 1e-6);
        assert.ok(image.every((value) => value >= 0 && value <= 1));
      }
    }),
    { seed: 1, numRuns: 30 },
  );
});

Deno.test("l2Moves() changes only two windows of a one-channel image that the box does not cut", () => {
  const grey = new Float32Array(28 * 28).fill(0.5);
  for (const [query, side] of [[11, 19], [60, 13], [300, 9], [5000, 3]] as const) {
    for (let seed = 0; seed < 5; seed++) {
      const [before, after] = walk([28, 28, 1], grey, seed, [query]) as [Float32Array, Float32Array];
      const changed = after.filter((value, i) => Math.abs(value - before[i]!) > 1e-6).length;
      assert.ok(changed > 0 && changed <= 2 * side * side, `query ${query}: ${changed} pixels changed`);
    }
  }
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { random } from "../random/random.ts";
import { linfMoves, randomLinfDraws } from "./square_linf.ts";

const SCHEDULE = { p: 0.8, queries: 5000, rescaleSchedule: false };
const SHAPE = [6, 5, 2] as const;
const PIXELS = 60;

Deno.test("linfMoves() starts with one sign for each column and channel", () => {
  const clean = new Float32Array(PIXELS).fill(0.5), image = clean.slice();
  const signs = Array.from({ length: 10 }, (_, i) => i % 3 === 0 ? 1 : -1);
  const draws = { stripes: () => signs, window: () => assert.fail("no window is asked for") };
  linfMoves(clean, SHAPE, 0.25, SCHEDULE, [draws]).start(image, 0);
  image.forEach((value, i) => assert.equal(value, signs[i % 10] === 1 ? 0.75 : 0.25));
});

Deno.test("linfMoves() shifts the pixels of the window by 2ε and clips them to ±ε", () => {
  // the second image of the search, whose window of side round(√(0.1·30)) = 2 is at row 3, column 2
  const clean = new Float32Array(2 * PIXELS).fill(0.5), image = clean.slice(PIXELS);
  const window = { top: 3, left: 2, signs: [1, -1] };
  const unused = { stripes: () => [], window: () => assert.fail("this is another image") };
  const asked: number[][] = [];
  const draws = {
    stripes: () => [],
    window: (query: number, side: number) => {
      asked.push([query, side]);
      return window;
    },
  };
  linfMoves(clean, SHAPE, 0.125, SCHEDULE, [unused, draws]).change(image, 1, 400);
  assert.deepEqual(asked, [[400, 2]]);
  image.forEach((value, i) => {
    const row = Math.floor(i / 10), column = Math.floor(i % 10 / 2);
    const inside = row >= 3 && row < 5 && column >= 2 && column < 4;
    assert.equal(value, inside ? (i % 2 === 0 ? 0.625 : 0.375) : 0.5, `row ${row}, column ${column}`);
  });
});

Deno.test("linfMoves() never leaves float32's ball and box", () => {
  const epsilon = fc.double({ min: 1e-4, max: 1, noNaN: true });
  fc.assert(
    fc.property(epsilon, fc.integer({ min: 0, max: 1000 }), (epsilon, seed) => {
      const noise = random(seed, "pixels");
      const clean = Float32Array.from({ length: PIXELS }, () => Math.min(1, Math.max(0, noise.uniform(-0.2, 1.2))));
      const moves = linfMoves(clean, SHAPE, epsilon, SCHEDULE, [randomLinfDraws(random(seed, "walk"), SHAPE)]);
      const image = clean.slice(), radius = Math.fround(epsilon);
      const check = () =>
        image.forEach((value, i) => {
          assert.ok(value >= Math.max(0, Math.fround(clean[i]! - radius)));
          assert.ok(value <= Math.min(1, Math.fround(clean[i]! + radius)));
        });
      moves.start(image, 0);
      check();
      for (const query of [0, 20, 300, 1500, 9000]) {
        moves.change(image, 0, query);
        check();
      }
    }),
    { seed: 2, numRuns: 50 },
  );
});

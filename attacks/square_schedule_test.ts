import assert from "node:assert/strict";
import { squareShare, squareSide } from "./square_schedule.ts";

const FIXED = { p: 0.8, queries: 5000, rescaleSchedule: false };

Deno.test("squareShare() halves the share after queries 10, 50, 200, 500, 1000, 2000, 4000, 6000 and 8000", () => {
  const last = [10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000];
  assert.equal(squareShare(0, FIXED), 0.8);
  last.forEach((query, halvings) => {
    assert.equal(squareShare(query, FIXED), 0.8 / 2 ** halvings, `query ${query}`);
    assert.equal(squareShare(query + 1, FIXED), 0.8 / 2 ** (halvings + 1), `query ${query + 1}`);
  });
  assert.equal(squareShare(1_000_000, FIXED), 0.8 / 512);
});

Deno.test("squareShare() rescaled spreads the same schedule over the queries there are", () => {
  const rescaled = { p: 0.8, queries: 1000, rescaleSchedule: true };
  for (const query of [0, 1, 2, 5, 6, 20, 21, 800, 801, 999]) {
    assert.equal(squareShare(query, rescaled), squareShare(10 * query, FIXED), `query ${query}`);
  }
  // 1 of 3000 queries stands for 3.33 of 10,000, and 4 for 13.3
  assert.equal(squareShare(3, { ...rescaled, queries: 3000 }), 0.8);
  assert.equal(squareShare(4, { ...rescaled, queries: 3000 }), 0.4);
});

Deno.test("squareSide() rounds half to even, is at least 1 and fits into the image", () => {
  const sides = [0.8, 0.4, 0.2, 0.1, 0.05, 0.8 / 512].map((share) => squareSide(share, [28, 28, 1]));
  assert.deepEqual(sides, [25, 18, 13, 9, 6, 1]);
  assert.deepEqual([6.25, 12.25].map((area) => squareSide(area / 100, [10, 10, 3])), [2, 4]);
  assert.equal(squareSide(1, [32, 32, 3]), 32);
  assert.equal(squareSide(1, [4, 16, 3]), 4);
  assert.equal(squareSide(1e-9, [28, 28, 1]), 1);
});

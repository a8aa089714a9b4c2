import fc from "fast-check";
import assert from "node:assert/strict";
import type { Norm } from "./attack.ts";
import { hyperplaneProjection } from "./fab_projections.ts";

const PIXELS = 9;
const vector = (value: fc.Arbitrary<number>) =>
  fc.array(value, { minLength: PIXELS, maxLength: PIXELS }).map((values) => Float32Array.from(values));

/** A pixel, often one of the bounds. */
const pixel = fc.oneof(fc.constantFrom(0, 1), fc.float({ min: 0, max: 1, noNaN: true }));
/** An entry of w, often 0, of sizes that differ by a factor of a thousand. */
const entry = fc.oneof(
  fc.constant(0),
  fc.tuple(fc.constantFrom(-1, 1), fc.double({ min: 0.001, max: 1, noNaN: true })).map(([sign, size]) => sign * size),
);
const points = vector(pixel), normals = vector(entry);

const dot = (w: Float32Array, z: ArrayLike<number>) => w.reduce((sum, value, i) => sum + value * z[i]!, 0);
const sum = (a: Float32Array, b: Float32Array) => Array.from(a, (value, i) => value + b[i]!);
const lengthOf = (norm: Norm, values: ArrayLike<number>) =>
  norm === "linf" ? Math.max(...Array.from(values, Math.abs)) : Math.hypot(...Array.from(values));
/** The corner of the box where w·z is least or largest. */
const corner = (w: Float32Array, side: -1 | 1) => Array.from(w, (value) => value * side > 0 ? 1 : 0);

function project(norm: Norm, point: Float32Array, normal: Float32Array, offset: number) {
  const step = new Float32Array(PIXELS).fill(NaN);
  return { length: hyperplaneProjection(norm, PIXELS)(point, { normal, offset }, step), step };
}

/** |dᵢ| = min(ν·speedᵢ, roomᵢ) with ν from 200 bisections. */
function projectBySearch(norm: Norm, point: Float32Array, normal: Float32Array, offset: number): number[] {
  const side = dot(normal, point) > offset ? -1 : 1;
  const stepAt = (level: number) =>
    Array.from(normal, (w, i) => {
      const up = w * side > 0;
      const room = up ? 1 - point[i]! : point[i]!;
      return w === 0 ? 0 : (up ? 1 : -1) * Math.min(norm === "linf" ? level : level * Math.abs(w), room);
    });
  let [low, high] = [0, 1e4];
  for (let i = 0; i < 200; i++) {
    const level = (low + high) / 2;
    if (Math.abs(dot(normal, stepAt(level))) < Math.abs(offset - dot(normal, point))) low = level;
    else high = level;
  }
  return stepAt(high);
}

for (const norm of ["linf", "l2"] as const) {
  Deno.test(`hyperplaneProjection() in ${norm} ends in the box and on a hyperplane that the box reaches`, () =>
    fc.assert(
      fc.property(points, normals, points, (point, normal, target) => {
        const offset = dot(normal, target);
        const { step, length } = project(norm, point, normal, offset);
        for (const value of sum(point, step)) assert.ok(value >= -1e-7 && value <= 1 + 1e-7, `pixel ${value}`);
        assert.ok(Math.abs(dot(normal, sum(point, step)) - offset) < 1e-6);
        assert.ok(Math.abs(length - lengthOf(norm, step)) < 1e-7);
        normal.forEach((w, i) => assert.ok(w !== 0 || step[i] === 0, "a coordinate with w = 0 moved"));
      }),
      { seed: 21, numRuns: 500 },
    ));

  Deno.test(`hyperplaneProjection() in ${norm} is no longer than the way to any other point of the hyperplane`, () =>
    fc.assert(
      fc.property(points, normals, points, points, (point, normal, target, other) => {
        const offset = dot(normal, target);
        const { length } = project(norm, point, normal, offset);
        const side = dot(normal, other) > offset ? -1 : 1;
        const opposite = corner(normal, side), gap = dot(normal, opposite) - dot(normal, other);
        const share = gap === 0 ? 0 : (offset - dot(normal, other)) / gap;
        const rival = Array.from(other, (value, i) => value + share * (opposite[i]! - value) - point[i]!);
        assert.ok(length <= lengthOf(norm, rival) + 1e-6, `${length} exceeds ${lengthOf(norm, rival)}`);
      }),
      { seed: 22, numRuns: 500 },
    ));

  Deno.test(`hyperplaneProjection() in ${norm} equals a slow search for the level`, () =>
    fc.assert(
      fc.property(points, normals, fc.double({ min: -6, max: 6, noNaN: true }), (point, normal, offset) => {
        const { step } = project(norm, point, normal, offset);
        projectBySearch(norm, point, normal, offset).forEach((value, i) => {
          assert.ok(Math.abs(step[i]! - value) < 1e-5, `coordinate ${i}: ${step[i]} where the search finds ${value}`);
        });
      }),
      { seed: 23, numRuns: 500 },
    ));

  Deno.test(`hyperplaneProjection() in ${norm} goes to the nearest corner where the box does not reach`, () =>
    fc.assert(
      fc.property(points, normals, fc.constantFrom(-1, 1), (point, normal, side) => {
        const far = corner(normal, side);
        const { step } = project(norm, point, normal, dot(normal, far) + side * 0.5);
        const expected = Array.from(normal, (w, i) => Math.fround(w === 0 ? 0 : far[i]! - point[i]!) + 0);
        assert.deepEqual(Array.from(step, (value) => value + 0), expected);
      }),
      { seed: 24, numRuns: 200 },
    ));

  Deno.test(`hyperplaneProjection() in ${norm} does not depend on the scale of w`, () =>
    fc.assert(
      fc.property(
        points,
        normals,
        points,
        fc.constantFrom(2 ** -60, 2 ** -30, 2 ** 40),
        (point, normal, target, scale) => {
          const offset = dot(normal, target);
          const { step } = project(norm, point, normal, offset);
          const scaled = project(norm, point, normal.map((w) => w * scale), offset * scale);
          assert.deepEqual(
            Array.from(scaled.step, (value) => value + 0),
            Array.from(step, (value) => value + 0),
          );
        },
      ),
      { seed: 25, numRuns: 200 },
    ));

  Deno.test(`hyperplaneProjection() in ${norm} does not move a point that is on the hyperplane`, () => {
    const point = Float32Array.of(0, 0.5, 1, 0.25, 0, 1, 0.5, 0.75, 0),
      normal = Float32Array.of(1, -2, 3, 0, 4, -1, 2, 0, 1);
    const { step, length } = project(norm, point, normal, dot(normal, point));
    assert.deepEqual(Array.from(step, Math.abs), Array<number>(PIXELS).fill(0));
    assert.equal(length, 0);
  });
}

Deno.test("hyperplaneProjection() keeps no memory of its last answer", () => {
  const project = hyperplaneProjection("l2", 2);
  const step = new Float32Array(2);
  const ask = (normal: number[], offset: number) => {
    project(Float32Array.of(0.5, 0.5), { normal: Float32Array.from(normal), offset }, step);
    return [...step];
  };
  const first = ask([3, 4], 3.6);
  ask([-1, 0], 7);
  assert.deepEqual(ask([3, 4], 3.6), first);
  first.forEach((value, i) => assert.ok(Math.abs(value - [0.012, 0.016][i]!) < 1e-7));
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { random } from "../random/random.ts";
import { apgdMove, apgdStart } from "./apgd_moves.ts";
import type { ThreatModel } from "./attack.ts";
import { distanceL2 } from "./plain_batch.ts";

const PIXELS = 12;

const threats = fc.record({
  norm: fc.constantFrom<ThreatModel["norm"]>("linf", "l2"),
  epsilon: fc.double({ min: 0.001, max: 1, noNaN: true }),
});

const pixelArray = (min: number, max: number) =>
  fc.array(fc.double({ min, max, noNaN: true }), { minLength: PIXELS, maxLength: PIXELS })
    .map((values) => Float32Array.from(values));

/** In 0..1 exactly, and in the ball as float32 numbers tell. */
function assertInside(image: Float32Array, x: Float32Array, { norm, epsilon }: ThreatModel): void {
  assert.ok(image.every((value) => value >= 0 && value <= 1));
  if (norm === "l2") assert.ok(distanceL2(image, x) <= epsilon + 1e-6);
  else {
    const radius = Math.fround(epsilon);
    image.forEach((value, i) =>
      assert.ok(value >= Math.fround(x[i]! - radius) && value <= Math.fround(x[i]! + radius))
    );
  }
}

Deno.test("apgdStart() lies in the ball and the box, on the ball's surface where the box allows", () => {
  fc.assert(
    fc.property(threats, pixelArray(0, 1), fc.nat(), (threat, x, seed) => {
      assertInside(apgdStart(x, threat, random(seed, "start")), x, threat);
    }),
    { seed: 2 },
  );
  const middle = new Float32Array(PIXELS).fill(0.5);
  for (const norm of ["linf", "l2"] as const) {
    const start = apgdStart(middle, { norm, epsilon: 0.25 }, random(1, "start"));
    const farthest = start.reduce((most, value) => Math.max(most, Math.abs(value - 0.5)), 0);
    assert.ok(Math.abs((norm === "l2" ? distanceL2(start, middle) : farthest) - 0.25) < 1e-6);
  }
});

Deno.test("apgdMove() stays in the ball and the box from any point there", () => {
  const steps = fc.record({ stepSize: fc.double({ min: 1e-6, max: 2, noNaN: true }), keep: fc.constantFrom(1, 0.75) });
  fc.assert(
    fc.property(threats, pixelArray(0, 1), pixelArray(-1e3, 1e3), steps, fc.nat(), (...drawn) => {
      const [threat, x, gradient, { stepSize, keep }, seed] = drawn;
      const [point, before] = [0, 1].map((i) => apgdStart(x, threat, random(seed, "start", i)));
      assertInside(
        apgdMove({ x, point: point!, before: before!, gradient, stepSize }, threat, keep),
        x,
        threat,
      );
    }),
    { seed: 3 },
  );
});

Deno.test("apgdMove() mixes three quarters of the projected step with a quarter of the last move", () => {
  const one = (value: number) => Float32Array.of(value);
  const standing = { x: one(0.5), point: one(0.6), before: one(0.5), gradient: one(3), stepSize: 0.5 };
  for (const norm of ["linf", "l2"] as const) {
    const threat = { norm, epsilon: 0.25 };
    const [mixed, alone] = [0.75, 1].map((keep) => apgdMove(standing, threat, keep)[0]!);
    assert.ok(Math.abs(mixed! - (0.6 + 0.75 * 0.15 + 0.25 * 0.1)) < 1e-6);
    assert.ok(Math.abs(alone! - 0.75) < 1e-6);
  }
});

Deno.test("apgdMove() stays where the gradient is 0 and nothing moved before", () => {
  const x = Float32Array.of(0, 0.3, 1), point = Float32Array.of(0.1, 0.3, 0.9), gradient = new Float32Array(3);
  for (const norm of ["linf", "l2"] as const) {
    const moved = apgdMove({ x, point, before: point, gradient, stepSize: 0.4 }, { norm, epsilon: 0.3 }, 1);
    moved.forEach((value, i) => assert.ok(Math.abs(value - point[i]!) < 1e-6));
  }
});

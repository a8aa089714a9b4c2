import assert from "node:assert/strict";
import fc from "fast-check";
import { correctRows, distanceL2, margins, projectImage } from "./plain_batch.ts";

const pixel = fc.float({ min: 0, max: 1, noNaN: true });
const image = (value: fc.Arbitrary<number>) => fc.array(value, { minLength: 12, maxLength: 12 });

Deno.test("projectImage() moves any image into the ball and the box", () => {
  fc.assert(
    fc.property(
      image(pixel),
      image(fc.float({ min: -3, max: 4, noNaN: true })),
      fc.double({ min: 1e-3, max: 1, noNaN: true }),
      (clean, moved, epsilon) => {
        const x = Float32Array.from(clean), radius = Math.fround(epsilon);
        const linf = Float32Array.from(moved), l2 = Float32Array.from(moved);
        projectImage(linf, x, { norm: "linf", epsilon });
        projectImage(l2, x, { norm: "l2", epsilon });
        assert.ok([...linf, ...l2].every((value) => value >= 0 && value <= 1));
        linf.forEach((value, i) => {
          assert.ok(value >= Math.fround(x[i]! - radius) && value <= Math.fround(x[i]! + radius));
        });
        assert.ok(distanceL2(l2, x) <= epsilon + 1e-6);
      },
    ),
    { seed: 1 },
  );
});

Deno.test("projectImage() leaves images inside the ball and the box alone, the clean image too", () => {
  const x = Float32Array.of(0, 0.25, 1), inside = Float32Array.of(0.125, 0.25, 0.875);
  for (const norm of ["linf", "l2"] as const) {
    for (const start of [x, inside]) {
      const moved = start.slice();
      projectImage(moved, x, { norm, epsilon: 0.25 });
      assert.deepEqual(moved, start);
    }
  }
});

Deno.test("projectImage() in L2 shortens the perturbation along its direction", () => {
  const x = Float32Array.of(0.5, 0.5), moved = Float32Array.of(0.8, 0.9);
  projectImage(moved, x, { norm: "l2", epsilon: 0.25 });
  assert.ok(Math.abs(moved[0]! - 0.65) < 1e-6 && Math.abs(moved[1]! - 0.7) < 1e-6);
});

Deno.test("margins() and correctRows() agree on who wins, and the first of equal logits is the answer", () => {
  const logits = Float32Array.of(3, 1, 2, 3, 1, 2, 5, 5, 0, 5, 5, 0), labels = Int32Array.of(0, 2, 0, 1);
  assert.deepEqual([...margins(logits, labels, 3)], [1, -1, 0, 0]);
  assert.deepEqual(correctRows(logits, labels, 3), [0, 2]);
});

import * as tf from "@tensorflow/tfjs";
import fc from "fast-check";
import assert from "node:assert/strict";
import { cpuEngine } from "../backends/cpu.ts";
import { l2Norms, projectBall, projectBox } from "./projections.ts";
import { roundingTolerance } from "./verify.ts";

const PIXELS = 12;
const image = (min: number, max: number) =>
  fc.array(fc.float({ min, max, noNaN: true }), { minLength: 2 * PIXELS, maxLength: 2 * PIXELS });

const tensor = (values: number[]) => tf.tensor4d(values, [2, 3, 4, 1]);

for (const norm of ["linf", "l2"] as const) {
  Deno.test(`projections onto the ${norm} ball and the box stay in both`, async () => {
    await cpuEngine.open();
    fc.assert(
      fc.property(image(0, 1), image(-4, 4), fc.double({ min: 0.001, max: 1, noNaN: true }), (x, eta, epsilon) => {
        const [sizes, pixels] = tf.tidy(() => {
          const projected = projectBox(tensor(x), projectBall(tensor(eta), { norm, epsilon }));
          const size = norm === "linf" ? tf.max(tf.abs(projected), [1, 2, 3]) : l2Norms(projected);
          return [[...size.dataSync()], [...tf.add(tensor(x), projected).dataSync()]];
        });
        const slack = roundingTolerance({ norm, epsilon }, PIXELS);
        for (const size of sizes) assert.ok(size <= epsilon + slack, `${size} exceeds ${epsilon}`);
        for (const pixel of pixels) assert.ok(pixel >= -1e-7 && pixel <= 1 + 1e-7, `pixel ${pixel}`);
      }),
      { seed: 12, numRuns: 200 },
    );
  });

  Deno.test(`projection onto the ${norm} ball leaves what is inside untouched`, async () => {
    await cpuEngine.open();
    fc.assert(
      fc.property(image(-Math.fround(0.1), Math.fround(0.1)), (eta) => {
        const projected = tf.tidy(() => [...projectBall(tensor(eta), { norm, epsilon: 0.5 }).dataSync()]);
        assert.deepEqual(projected.map((value) => value + 0), eta.map((value) => value + 0));
      }),
      { seed: 13, numRuns: 100 },
    );
  });
}

Deno.test("projectBall() scales an L2 perturbation image by image", async () => {
  await cpuEngine.open();
  const eta = tf.tensor4d([3, 4, 0.3, 0.4], [2, 1, 2, 1]);
  const projected = projectBall(eta, { norm: "l2", epsilon: 1 });
  for (const [i, expected] of [0.6, 0.8, 0.3, 0.4].entries()) {
    assert.ok(Math.abs((await projected.data())[i]! - expected) < 1e-6);
  }
  tf.dispose([eta, projected]);
});

import * as tf from "@tensorflow/tfjs";
import fc from "fast-check";
import assert from "node:assert/strict";
import { cpuEngine } from "../backends/cpu.ts";
import { drawFrom } from "./_test_subject.ts";
import type { Classifier } from "./attack.ts";
import { fgsm } from "./fgsm.ts";

const PIXELS = 12;

/** A network that is linear in x, with margin loss w·x + constant for label 0. */
async function linearModel(weights: readonly number[]): Promise<Classifier> {
  const { kernels } = await cpuEngine.open();
  const kernel = tf.keep(tf.tensor2d([...weights], [PIXELS, 1]));
  return {
    classes: 2,
    kernels,
    logits: (x) => tf.tidy(() => tf.pad(tf.matMul(tf.reshape(x, [-1, PIXELS]), kernel), [[0, 0], [1, 0]])),
  };
}

for (const norm of ["linf", "l2"] as const) {
  Deno.test(`fgsm() attains the maximum of the first-order model over the ${norm} ball`, async () => {
    const weights = fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: PIXELS, maxLength: PIXELS });
    const away = fc.double({ min: 0.01, max: 0.4, noNaN: true });
    await fc.assert(
      fc.asyncProperty(weights, away, async (w, epsilon) => {
        const rounded = Array.from(Float32Array.from(w));
        fc.pre(Math.hypot(...rounded) > 1e-3);
        const model = await linearModel(rounded);
        const x = tf.fill([1, 3, 4, 1], 0.5) as tf.Tensor4D; // far enough from the box that it does not bind
        const batch = { x, y: tf.tensor1d([0], "int32"), ids: Uint32Array.of(0) };
        const images = await fgsm({ norm, epsilon }, { loss: "margin" }).perturb(model, batch, drawFrom(0));
        const moved = [...await images.data()].map((value) => value - 0.5);
        const gained = moved.reduce((sum, value, i) => sum + value * rounded[i]!, 0);
        const dualNorm = norm === "linf"
          ? rounded.reduce((sum, value) => sum + Math.abs(value), 0)
          : Math.hypot(...rounded);
        assert.ok(Math.abs(gained - epsilon * dualNorm) <= 1e-5 * dualNorm, `${gained} of ${epsilon * dualNorm}`);
        tf.dispose([x, batch.y, images]);
      }),
      { seed: 11, numRuns: 60 },
    );
  });
}

Deno.test("fgsm() says in its label what runs", () => {
  assert.equal(fgsm({ norm: "linf", epsilon: 0.3 }).label, "FGSM, L∞ ε=0.3");
  assert.equal(fgsm({ norm: "l2", epsilon: 2 }, { loss: "margin" }).label, "FGSM, L2 ε=2, margin loss");
});

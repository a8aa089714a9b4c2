import * as tf from "@tensorflow/tfjs";
import assert from "node:assert/strict";
import { cpuEngine } from "../backends/cpu.ts";
import { correctness, drawFrom, makeSubject, rowsOf } from "./_test_subject.ts";
import type { Classifier, ThreatModel } from "./attack.ts";
import { gaussianNoiseAttack, noise, type NoiseKind, uniformNoiseAttack } from "./noise.ts";
import { verify } from "./verify.ts";

const KINDS: readonly NoiseKind[] = ["uniform", "gaussian"];
const LINF: ThreatModel = { norm: "linf", epsilon: 0.2 };
const L2: ThreatModel = { norm: "l2", epsilon: 1.5 };

/** x' − x of 40 grey images of 100 pixels under a network that nothing fools. */
async function perturbations(kind: NoiseKind, threat: ThreatModel): Promise<Float32Array[]> {
  const model: Classifier = {
    classes: 2,
    kernels: (await cpuEngine.open()).kernels,
    logits: (x) => tf.tidy(() => tf.tile(tf.tensor2d([[1, 0]]), [x.shape[0], 1])),
  };
  const x = tf.fill([40, 10, 10, 1], 0.5) as tf.Tensor4D, y = tf.zeros([40], "int32") as tf.Tensor1D;
  const images = await noise(kind, threat).perturb(
    model,
    { x, y, ids: new Uint32Array(40).map((_, i) => i) },
    drawFrom(1),
  );
  const values = (await images.data<"float32">()).map((value) => value - 0.5);
  tf.dispose([x, y, images]);
  return Array.from({ length: 40 }, (_, row) => values.slice(100 * row, 100 * row + 100));
}

Deno.test("uniform noise is evenly spread over the L∞ ball", async () => {
  const values = (await perturbations("uniform", LINF)).flatMap((image) => [...image]);
  const bins = new Array<number>(10).fill(0);
  for (const value of values) bins[Math.min(9, Math.floor((value + 0.2) / 0.04))]! += 1;
  // 4000 values: 400 in each tenth, standard deviation 19
  assert.ok(bins.every((count) => Math.abs(count - 400) < 5 * 19), `${bins}`);
});

Deno.test("Gaussian noise in L∞ has standard deviation ε where it is not clipped to ±ε", async () => {
  const values = (await perturbations("gaussian", LINF)).flatMap((image) => [...image]);
  const clipped = values.filter((value) => Math.abs(value) > 0.2 - 1e-6).length / values.length;
  const half = values.filter((value) => Math.abs(value) < 0.1).length / values.length;
  assert.ok(Math.abs(clipped - 0.3173) < 5 * 0.0074, `clipped ${clipped}`); // P(|N| > 1)
  assert.ok(Math.abs(half - 0.3829) < 5 * 0.0077, `within ε/2: ${half}`); // P(|N| < 1/2)
});

Deno.test("noise in L2: Gaussian has length ε, uniform any length up to it", async () => {
  const small = { norm: "l2", epsilon: 0.6 } as const; // too small for the box to cut
  const lengths = async (kind: NoiseKind) => (await perturbations(kind, small)).map((image) => Math.hypot(...image));
  assert.ok((await lengths("gaussian")).every((length) => Math.abs(length - 0.6) < 1e-5));
  const uniform = await lengths("uniform");
  assert.ok(uniform.every((length) => length <= 0.6 + 1e-5) && Math.min(...uniform) < 0.6 - 1e-3);
});

Deno.test("noise() stays in ball and box, gives the same bits in any batch, and more draws never help the network", async () => {
  const subject = await makeSubject(await cpuEngine.open());
  const { model, batch } = subject;
  for (const kind of KINDS) {
    for (const threat of [LINF, { norm: "linf", epsilon: 0.9 }, L2, { norm: "l2", epsilon: 6 }] as const) {
      let fewer: number[] | undefined;
      for (const restarts of [1, 3, 9]) {
        const attack = noise(kind, threat, { restarts });
        const images = await attack.perturb(model, batch, drawFrom(1));
        assert.deepEqual((await verify(model, batch, images, threat)).violations, []);
        const correct = await correctness(model, images, batch.y);
        assert.ok(fewer === undefined || correct.every((value, i) => value <= fewer![i]!));
        fewer = correct;
        const part = rowsOf(batch, 2, 5), alone = await attack.perturb(model, part, drawFrom(1));
        assert.deepEqual(await alone.data(), (await images.data()).slice(64 * 2, 64 * 5));
        tf.dispose([images, alone, part.x, part.y]);
      }
    }
  }
  subject.dispose();
});

Deno.test("noise() leaves misclassified images alone and keeps the draw of the smallest margin", async () => {
  const subject = await makeSubject(await cpuEngine.open());
  const { model, batch } = subject;
  const run = async (restarts: number) => {
    const images = await noise("uniform", LINF, { restarts }).perturb(model, batch, drawFrom(1));
    const clean = await batch.x.data(), values = await images.data();
    assert.deepEqual(values.slice(64 * 6), clean.slice(64 * 6)); // the subject's last image is misclassified
    const answer = tf.tidy(() => model.logits(images));
    const logits = await answer.array(), labels = await batch.y.data();
    tf.dispose([images, answer]);
    return logits.map((row, i) => row[labels[i]!]! - Math.max(...row.filter((_, k) => k !== labels[i])));
  };
  const one = await run(1), ten = await run(10);
  ten.forEach((margin, row) => assert.ok(one[row]! <= 0 ? margin === one[row] : margin <= one[row]!));
  assert.ok(ten.some((margin, row) => margin < one[row]!));
  subject.dispose();
});

Deno.test("noise() says that it is a control", () => {
  for (const { summary } of [uniformNoiseAttack, gaussianNoiseAttack]) {
    assert.match(summary, /a control, not an attack/);
  }
  assert.equal(noise("uniform", LINF).label, "Uniform noise (a control), L∞ ε=0.2, 1 draw");
  assert.equal(noise("gaussian", L2, { restarts: 4 }).label, "Gaussian noise (a control), L2 ε=1.5, 4 draws");
  assert.deepEqual([noise("uniform", LINF, { restarts: 4 }).passes, noise("uniform", LINF, { restarts: 4 }).forwards], [
    0,
    5,
  ]);
  assert.throws(
    () => noise("uniform", LINF, { restarts: 0 }),
    /Cannot set option "restarts" of attack "uniform-noise"/,
  );
});

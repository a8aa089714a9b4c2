import * as tf from "@tensorflow/tfjs";
import assert from "node:assert/strict";
import type { Attack, Classifier, ThreatModel } from "../attacks/attack.ts";
import { cpuEngine } from "../backends/cpu.ts";
import { soloTeam } from "../backends/team.ts";
import { random } from "../random/random.ts";
import { securityCurve } from "./security_curve.ts";

const { kernels } = await cpuEngine.open();

/** Says class 1 where the pixel is above one half. */
const threshold: Classifier = {
  classes: 2,
  kernels,
  logits: (x) => tf.tidy(() => tf.concat([tf.scalar(0.5).sub(x.reshape([-1, 1])), x.reshape([-1, 1]).sub(0.5)], 1)),
};

/** Images of one pixel and class 0, the last one misclassified; each needs its distance to one half. */
const PIXELS = [0, 51, 102, 117, 153];
const clean = Uint8Array.of(1, 1, 1, 1, 0);
const curve = (epsilons: readonly number[]) => ({
  model: threshold,
  task: {
    split: {
      name: "test" as const,
      images: Uint8Array.from(PIXELS),
      labels: new Uint8Array(5),
      ids: new Uint32Array(5),
    },
    ...{ team: soloTeam(1), shape: [1, 1, 1] as const, batch: 2, attacks: new Map(), outcomes: true },
    draw: (stream: string, ...indices: number[]) => random(0, stream, ...indices),
    onProgress: () => {},
    shouldStop: () => false,
  },
  clean,
  epsilons,
});

/** Moves every pixel up by the radius; notes how many images it meets. */
function upwards(threat: ThreatModel, met: number[]): Attack {
  return {
    ...{ name: "up", label: "up", threat, resolved: {}, passes: 1, forwards: 0 },
    perturb: (_model, { x, ids }) => {
      met.push(ids.length);
      return Promise.resolve(tf.tidy(() => tf.minimum(x.add(threat.epsilon), 1) as tf.Tensor4D));
    },
  };
}

Deno.test("securityCurve() never rises, begins at the clean accuracy, and attacks no image twice in vain", async () => {
  const met: number[] = [];
  const points = await securityCurve(
    curve([0.2, 0, 0.06, 0.45, 0.6]),
    "up",
    (epsilon) => upwards({ norm: "linf", epsilon }, met),
  );
  assert.deepEqual(points.map(({ epsilon, correct }) => [epsilon, correct]), [[0, 4], [0.06, 3], [0.2, 2], [0.45, 1], [
    0.6,
    0,
  ]]);
  assert.equal(
    met.reduce((sum, one) => sum + one, 0),
    4 + 3 + 2 + 1,
    "what is fooled at a radius is left out at larger ones",
  );
});

Deno.test("the curve of a minimal-norm attack is that of its distances", async () => {
  let searches = 0;
  const points = await securityCurve(curve([0, 0.05, 0.1, 0.3, 0.5]), "nearest", (epsilon) => ({
    ...upwards({ norm: "linf", epsilon }, []),
    nearest(_model, { x }) {
      searches++;
      const images = tf.tidy(() => tf.fill(x.shape, 0.501) as tf.Tensor4D);
      const distances = Float64Array.from(x.dataSync(), (pixel) => 0.501 - pixel);
      return Promise.resolve({ images, distances });
    },
  }));
  // Distances: 0.501, 0.301, 0.101, 0.0422.
  assert.deepEqual(points.map(({ correct }) => correct), [4, 3, 3, 2, 1]);
  assert.equal(searches, 2, "one search for all radii, in two batches");
});

import * as tf from "@tensorflow/tfjs";
import assert from "node:assert/strict";
import { cpuEngine } from "../backends/cpu.ts";
import { correctness, drawFrom, makeSubject, rowsOf, type Subject } from "./_test_subject.ts";
import type { Attack, Classifier, Draw, Norm, ThreatModel } from "./attack.ts";
import { fab, fabT } from "./fab.ts";

const LINF: ThreatModel = { norm: "linf", epsilon: 0.1 };
const L2: ThreatModel = { norm: "l2", epsilon: 0.5 };

/** Short attacks in each way of running that has code of its own. */
const ATTACKS: readonly Attack[] = [LINF, L2].flatMap((threat) => [
  fab(threat, { steps: 6 }),
  fab(threat, { steps: 4, restarts: 2 }),
  fabT(threat, { steps: 6 }),
  fabT(threat, { steps: 4, restarts: 2, targets: 1 }),
]);

async function withSubject(use: (subject: Subject) => Promise<void>): Promise<void> {
  const subject = await makeSubject(await cpuEngine.open());
  try {
    await use(subject);
  } finally {
    subject.dispose();
  }
}

/** The values of a tensor, which is released. */
async function read(tensor: tf.Tensor): Promise<Float32Array> {
  const values = Float32Array.from(await tensor.data());
  tensor.dispose();
  return values;
}

/** ‖a − b‖ of each image of 64 pixels. */
function distancesOf(norm: Norm, a: Float32Array, b: Float32Array): number[] {
  return Array.from({ length: a.length / 64 }, (_, row) => {
    const moves = Array.from({ length: 64 }, (_, i) => a[row * 64 + i]! - b[row * 64 + i]!);
    return norm === "linf" ? Math.max(...moves.map(Math.abs)) : Math.sqrt(moves.reduce((s, v) => s + v * v, 0));
  });
}

for (const attack of ATTACKS) {
  const { label, threat } = attack;

  Deno.test(`${label}: what comes back is x or fooled, within ε and the box`, () =>
    withSubject(async ({ model, batch }) => {
      const images = await attack.perturb(model, batch, drawFrom(1));
      const [correct, before] = [await correctness(model, images, batch.y), await correctness(model, batch.x, batch.y)];
      const values = await read(images), x = Float32Array.from(await batch.x.data());
      assert.ok(values.every((value) => value >= 0 && value <= 1));
      let fooled = 0;
      distancesOf(threat.norm, values, x).forEach((distance, row) => {
        if (before[row] === 0) assert.equal(distance, 0, "an image that was misclassified moved");
        else if (correct[row] === 1) assert.equal(distance, 0, "an image that is not fooled moved");
        else {
          fooled++;
          assert.ok(distance > 0 && distance <= threat.epsilon);
        }
      });
      assert.ok(fooled > 1 && before.includes(0), "the subject shows nothing");
    }));

  Deno.test(`${label}: nearest() states the distances of the images, all of them fooled`, () =>
    withSubject(async ({ model, batch }) => {
      const { images, distances } = await attack.nearest!(model, batch, drawFrom(1));
      const [correct, before] = [await correctness(model, images, batch.y), await correctness(model, batch.x, batch.y)];
      const recomputed = distancesOf(threat.norm, await read(images), Float32Array.from(await batch.x.data()));
      assert.deepEqual(recomputed, Array.from(distances, (distance) => Number.isFinite(distance) ? distance : 0));
      assert.deepEqual(correct, Array.from(distances, (distance) => distance === Infinity ? 1 : 0));
      assert.deepEqual(before, Array.from(distances, (distance) => distance === 0 ? 0 : 1));
    }));

  Deno.test(`${label}: perturb() fools what nearest() finds within ε`, () =>
    withSubject(async ({ model, batch }) => {
      const nearest = await attack.nearest!(model, batch, drawFrom(1));
      nearest.images.dispose();
      const images = await attack.perturb(model, batch, drawFrom(1));
      const correct = await correctness(model, images, batch.y);
      images.dispose();
      assert.deepEqual(correct, Array.from(nearest.distances, (distance) => distance <= threat.epsilon ? 0 : 1));
    }));

  Deno.test(`${label}: an image has the same bits in batches of 1, 3 and 7`, () =>
    withSubject(async ({ model, batch }) => {
      const whole = await read((await attack.nearest!(model, batch, drawFrom(2))).images);
      const within = await read(await attack.perturb(model, batch, drawFrom(2)));
      for (const size of [1, 3]) {
        for (let begin = 0; begin < 7; begin += size) {
          const part = rowsOf(batch, begin, Math.min(7, begin + size));
          const pixels = [64 * begin, 64 * Math.min(7, begin + size)] as const;
          const alone = await read((await attack.nearest!(model, part, drawFrom(2))).images);
          assert.deepEqual(alone, whole.slice(...pixels));
          assert.deepEqual(await read(await attack.perturb(model, part, drawFrom(2))), within.slice(...pixels));
          tf.dispose([part.x, part.y]);
        }
      }
    }));
}

async function nearestDistances(attack: Attack, { model, batch }: Pick<Subject, "model" | "batch">) {
  const { images, distances } = await attack.nearest!(model, batch, drawFrom(3));
  images.dispose();
  return distances;
}

Deno.test("nearest() of FAB comes no farther with more steps or targets", () =>
  withSubject(async (subject) => {
    for (const threat of [LINF, L2]) {
      const rows = [
        [fab(threat, { steps: 3 }), fab(threat, { steps: 6 })],
        [fabT(threat, { steps: 3 }), fabT(threat, { steps: 6 })],
        [fabT(threat, { steps: 3, targets: 1 }), fabT(threat, { steps: 3, targets: 2 })],
      ] as const;
      for (const [less, more] of rows) {
        const [few, many] = [await nearestDistances(less, subject), await nearestDistances(more, subject)];
        few.forEach((distance, row) => assert.ok(many[row]! <= distance, `${more.label} is farther`));
        assert.notDeepEqual(many, few, `${more.label} found nothing nearer`);
      }
    }
  }));

Deno.test("FAB's restarts find what the image's own slope does not point to", async () => {
  const { kernels } = await cpuEngine.open();
  // at 0.5 the first pixel's slope points to the boundary at 0.95; below 0.45 it points to the one at 0.4
  const model: Classifier = {
    classes: 2,
    kernels,
    logits: (images) => {
      const pixel = tf.slice(tf.reshape(images, [-1, 64]), [0, 0], [-1, 1]);
      const other = tf.maximum(tf.sub(pixel, 0.95), tf.mul(tf.sub(0.4, pixel), 10));
      return tf.concat([tf.zerosLike(other), other], 1) as tf.Tensor2D;
    },
  };
  const batch = { x: tf.fill([1, 8, 8, 1], 0.5) as tf.Tensor4D, y: tf.tensor1d([0], "int32"), ids: Uint32Array.of(3) };
  for (const threat of [{ norm: "linf", epsilon: 0.4 }, { norm: "l2", epsilon: 4 }] as const) {
    for (const make of [fab, fabT]) {
      const [alone] = await nearestDistances(make(threat, { steps: 20 }), { model, batch });
      const [best] = await nearestDistances(make(threat, { steps: 20, restarts: 8 }), { model, batch });
      assert.ok(alone! > 0.45 && alone! < 0.48, `${alone}`);
      assert.ok(best! > 0.1 && best! < 0.15, `${best}`);
    }
  }
  tf.dispose([batch.x, batch.y]);
});

Deno.test("FAB's restarts draw by target, restart and the image's id, and the first draws nothing", () =>
  withSubject(async ({ model, batch }) => {
    const asked: string[] = [];
    const spy: Draw = (stream, ...indices) => {
      asked.push([stream, ...indices].join(" "));
      return drawFrom(1)(stream, ...indices);
    };
    const part = rowsOf(batch, 2, 4);
    for (const attack of [fab(LINF, { steps: 1, restarts: 2 }), fabT(L2, { steps: 1, restarts: 3, targets: 2 })]) {
      (await attack.nearest!(model, part, spy)).images.dispose();
    }
    tf.dispose([part.x, part.y]);
    const targeted = ["0 1", "0 2", "1 1", "1 2"].flatMap((run) => [15, 16].map((id) => `fab-t-start ${run} ${id}`));
    assert.deepEqual(asked, ["fab-start 0 1 15", "fab-start 0 1 16", ...targeted]);
  }));

Deno.test("FAB asks the network as often as it says, and leaves no tensor", () =>
  withSubject(async ({ model, batch }) => {
    let calls = 0;
    const counting: Classifier = {
      ...model,
      logits(x) {
        calls++;
        return model.logits(x);
      },
    };
    for (const attack of [fabT(LINF, { steps: 3, targets: 2, restarts: 2 }), fabT(L2, { steps: 2, targets: 1 })]) {
      const before = tf.memory().numTensors;
      calls = 0;
      const { images } = await attack.nearest!(counting, batch, drawFrom(1));
      assert.equal(calls, attack.passes + attack.forwards);
      assert.equal(tf.memory().numTensors, before + 1);
      images.dispose();
    }
    calls = 0;
    (await fab(LINF, { steps: 3 }).nearest!(counting, batch, drawFrom(1))).images.dispose();
    assert.equal(calls, 1 + 3 * (2 + 1), "two other classes and a forward pass at each step");
    assert.equal(fab(LINF, { steps: 3 }).passes, 3 * 9);
  }));

/** Weights of three linear classes over 64 pixels. */
const WEIGHTS = Float32Array.from({ length: 64 * 3 }, (_, i) => Math.sin(7 * i + 1) * (1 + i % 3));

for (const norm of ["linf", "l2"] as const) {
  Deno.test(`FAB finds the exact distance to a linear boundary in ${norm}, up to its overshoot`, async () => {
    const { kernels } = await cpuEngine.open();
    const x = Float32Array.from({ length: 64 }, (_, i) => 0.5 + 0.1 * Math.cos(3 * i));
    const scores = [0, 1, 2].map((k) => x.reduce((sum, value, i) => sum + value * WEIGHTS[3 * i + k]!, 0));
    // the biases put class 1 first, 2 close behind by logits; 0 may be nearer all the same
    const biases = scores.map((score, k) => [0.5, 1, 0.7][k]! - score);
    const exact = [0, 2].map((k) => {
      const normal = Array.from(x, (_, i) => WEIGHTS[3 * i + k]! - WEIGHTS[3 * i + 1]!);
      const dual = norm === "linf" ? normal.reduce((sum, w) => sum + Math.abs(w), 0) : Math.hypot(...normal);
      return [0.5, 0, 0.3][k]! / dual;
    });
    const model: Classifier = {
      classes: 3,
      kernels,
      logits: (images) => tf.add(tf.matMul(tf.reshape(images, [-1, 64]), tf.tensor2d(WEIGHTS, [64, 3])), biases),
    };
    const batch = { x: tf.tensor4d(x, [1, 8, 8, 1]), y: tf.tensor1d([1], "int32"), ids: Uint32Array.of(5) };
    const rows = [
      [fab({ norm, epsilon: 1 }, { steps: 20 }), Math.min(...exact)],
      [fabT({ norm, epsilon: 1 }, { steps: 20 }), Math.min(...exact)],
      [fabT({ norm, epsilon: 1 }, { steps: 20, targets: 1 }), exact[1]!],
    ] as const;
    for (const [attack, expected] of rows) {
      const { images, distances } = await attack.nearest!(model, batch, drawFrom(1));
      images.dispose();
      const ratio = distances[0]! / expected;
      assert.ok(ratio > 1 - 1e-4 && ratio < 1.05, `${attack.label}: ${ratio} times the exact distance`);
    }
    tf.dispose([batch.x, batch.y]);
  });
}

Deno.test("FAB says in its label what runs", () => {
  const threat: ThreatModel = { norm: "linf", epsilon: 0.3 };
  assert.equal(fabT(threat).label, "FAB-T, L∞ ε=0.3, 9 targets, 100 steps, 1 restart");
  assert.equal(fab(threat, { restarts: 5 }).label, "FAB, L∞ ε=0.3, 100 steps, 5 restarts");
  assert.equal(
    fabT({ norm: "l2", epsilon: 2 }, { targets: 1, steps: 1, alphaMax: 0.2, eta: 1, beta: 0.5 }).label,
    "FAB-T, L2 ε=2, 1 target, 1 step, 1 restart, α_max=0.2, η=1, β=0.5",
  );
  assert.deepEqual(fabT(threat).resolved, {
    steps: 100,
    restarts: 1,
    targets: 9,
    alphaMax: 0.1,
    eta: 1.05,
    beta: 0.9,
  });
  assert.deepEqual([fabT(threat).passes, fabT(threat).forwards], [900, 901]);
});

Deno.test("FAB refuses options out of range", () => {
  for (const steps of [0, 1.5, NaN]) {
    assert.throws(() => fab(LINF, { steps }), /Cannot set option "steps" of attack "fab"/);
  }
  for (const targets of [0, 2.5]) assert.throws(() => fabT(LINF, { targets }), RangeError);
  for (const [name, value] of [["alphaMax", 1.1], ["eta", 0], ["beta", -0.1], ["restarts", 0]] as const) {
    assert.throws(() => fabT(LINF, { [name]: value }), RangeError);
  }
  assert.throws(() => fab({ norm: "linf", epsilon: 0 }), /Cannot attack with epsilon/);
});

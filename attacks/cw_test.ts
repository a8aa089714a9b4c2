import * as tf from "@tensorflow/tfjs";
import assert from "node:assert/strict";
import { cpuEngine } from "../backends/cpu.ts";
import { random } from "../random/random.ts";
import { correctness, drawFrom, makeSubject, rowsOf, type Subject } from "./_test_subject.ts";
import type { AttackBatch, Classifier, ThreatModel } from "./attack.ts";
import { cwAttack, cwL2, cwLinf } from "./cw.ts";
import { pgd } from "./pgd.ts";
import { verify } from "./verify.ts";

const LINF: ThreatModel = { norm: "linf", epsilon: 0.1 };
const L2: ThreatModel = { norm: "l2", epsilon: 0.6 };

async function withSubject(use: (subject: Subject) => Promise<void>): Promise<void> {
  const subject = await makeSubject(await cpuEngine.open());
  try {
    await use(subject);
  } finally {
    subject.dispose();
  }
}

const BIAS = 1;

/** A linear network of two classes, six images that it classifies correctly, and their distances to its boundary. */
async function linearSubject() {
  const stream = random(4, "linear");
  const normal = Float32Array.from({ length: 16 }, () => stream.uniform(-1, 1));
  const values = Float32Array.from({ length: 6 * 16 }, () => stream.uniform(0.3, 0.7));
  const scores = Array.from({ length: 6 }, (_, row) => {
    return normal.reduce((sum, weight, i) => sum + weight * values[16 * row + i]!, BIAS);
  });
  const { kernels } = await cpuEngine.open();
  const model: Classifier = {
    classes: 2,
    kernels,
    logits: (x) =>
      tf.tidy(() => {
        const score = tf.add(tf.matMul(tf.reshape(x, [-1, 16]), tf.tensor2d(normal, [16, 1])), BIAS);
        return tf.concat([score, tf.zerosLike(score)], 1) as tf.Tensor2D;
      }),
  };
  const batch: AttackBatch = {
    x: tf.tensor4d(values, [6, 4, 4, 1]),
    y: tf.tensor1d(scores.map((score) => score > 0 ? 0 : 1), "int32"),
    ids: Uint32Array.from(scores, (_, i) => i),
  };
  const length = Math.hypot(...normal);
  return { model, batch, distances: scores.map((score) => Math.abs(score) / length) };
}

Deno.test("cwL2() comes within 5 % of the distance to a plane", async () => {
  const { model, batch, distances } = await linearSubject();
  assert.equal(new Set(await batch.y.data()).size, 2); // images on both sides
  const found = await cwL2(L2, { steps: 150 }).nearest!(model, batch, drawFrom(1));
  found.distances.forEach((distance, row) => {
    const exact = distances[row]!;
    assert.ok(distance > exact - 1e-5 && distance < 1.05 * exact + 1e-3, `${distance} where ${exact} is exact`);
  });
  assert.deepEqual([...new Set(await correctness(model, found.images, batch.y))], [0]);
  tf.dispose([batch.x, batch.y, found.images]);
});

Deno.test("cwL2() with κ goes so far beyond the boundary", async () => {
  const { model, batch, distances } = await linearSubject();
  const found = await cwL2(L2, { steps: 150, confidence: 0.2 }).nearest!(model, batch, drawFrom(1));
  const margins = tf.tidy(() => {
    const [first, second] = tf.unstack(model.logits(found.images), 1) as [tf.Tensor1D, tf.Tensor1D];
    return tf.abs(tf.sub(first, second));
  });
  assert.ok([...await margins.data()].every((margin) => margin >= 0.2 && margin < 0.23), `${await margins.data()}`);
  found.distances.forEach((distance, row) => assert.ok(distance > distances[row]!));
  tf.dispose([batch.x, batch.y, found.images, margins]);
});

Deno.test("cwL2() measures the distances of what it returns, 0 and x where x is misclassified", () =>
  withSubject(async ({ model, batch }) => {
    const { images, distances } = await cwL2(L2, { steps: 30, searchSteps: 5 }).nearest!(model, batch, drawFrom(1));
    const [clean, found] = await Promise.all([batch.x.data(), images.data()]);
    assert.ok(found.every((value) => value >= 0 && value <= 1));
    const before = await correctness(model, batch.x, batch.y), after = await correctness(model, images, batch.y);
    distances.forEach((distance, row) => {
      const moved = Math.hypot(...found.slice(64 * row, 64 * row + 64).map((value, i) => value - clean[64 * row + i]!));
      if (distance === Infinity) assert.deepEqual([moved, after[row]], [0, 1]);
      else assert.ok(after[row] === 0 && Math.abs(moved - distance) < 1e-6);
      assert.equal(distance === 0, before[row] === 0);
    });
    assert.ok(distances.filter((distance) => 0 < distance && distance < Infinity).length >= 4, `${distances}`);
    images.dispose();
  }));

Deno.test("cwL2() finds nothing nearer in fewer search steps, and infinity where it finds nothing", () =>
  withSubject(async ({ model, batch }) => {
    const distancesAfter = async (searchSteps: number) => {
      const attack = cwL2(L2, { steps: 20, searchSteps });
      const { images, distances } = await attack.nearest!(model, batch, drawFrom(1));
      images.dispose();
      return distances;
    };
    let fewer = await distancesAfter(1);
    const first = fewer;
    for (const searchSteps of [3, 6, 9]) {
      const more = await distancesAfter(searchSteps);
      assert.ok(more.every((distance, i) => distance <= fewer[i]!));
      fewer = more;
    }
    assert.ok(fewer.some((distance, i) => distance < Infinity && first[i] === Infinity));
  }));

Deno.test("cwL2() returns from perturb() what lies within ε, and x elsewhere, with the same bits in any batch", () =>
  withSubject(async ({ model, batch }) => {
    const attack = cwL2({ norm: "l2", epsilon: 0.3 }, { steps: 20, searchSteps: 6 });
    const images = await attack.perturb(model, batch, drawFrom(1));
    const nearest = await attack.nearest!(model, batch, drawFrom(1));
    const expected = await batch.x.data<"float32">().then((values) => values.slice());
    const found = await nearest.images.data();
    nearest.distances.forEach((distance, row) => {
      if (distance <= 0.3) expected.set(found.slice(64 * row, 64 * row + 64), 64 * row);
    });
    assert.deepEqual(await images.data(), expected);
    const inside = [...nearest.distances].filter((distance) => distance <= 0.3).length;
    assert.ok(inside > 1 && inside < 7, `${nearest.distances}`);
    assert.deepEqual((await verify(model, batch, images, attack.threat)).violations, []);
    for (const size of [1, 3]) {
      for (let begin = 0; begin < 7; begin += size) {
        const part = rowsOf(batch, begin, Math.min(begin + size, 7));
        const alone = await attack.perturb(model, part, drawFrom(1));
        assert.deepEqual(await alone.data(), expected.slice(64 * begin, 64 * begin + alone.size));
        tf.dispose([part.x, part.y, alone]);
      }
    }
    tf.dispose([images, nearest.images]);
  }));

Deno.test("cwL2() that aborts early asks less", () =>
  withSubject(async ({ model, batch }) => {
    const asked = async (abortEarly: boolean) => {
      let images = 0;
      const counting: Classifier = {
        ...model,
        logits: (x) => {
          images += x.shape[0];
          return model.logits(x);
        },
      };
      const attack = cwL2(L2, { steps: 40, searchSteps: 3, abortEarly });
      (await attack.perturb(counting, batch, drawFrom(1))).dispose();
      return images;
    };
    // 7 images are asked about once; the 6 that are correct 3 times in 40 steps
    assert.equal(await asked(false), 7 + 6 * 3 * 40);
    assert.ok(await asked(true) < 7 + 6 * 3 * 40);
  }));

Deno.test("cwLinf() is PGD on the margin", () =>
  withSubject(async ({ model, batch }) => {
    const options = { steps: 3, restarts: 2 };
    const ours = await cwLinf(LINF, options).perturb(model, batch, drawFrom(1));
    const pgds = await pgd(LINF, { ...options, loss: "margin" }).perturb(model, batch, drawFrom(1));
    assert.deepEqual(await ours.data(), await pgds.data());
    tf.dispose([ours, pgds]);
  }));

Deno.test("cwAttack makes the attack of the norm and says in its label what runs", () => {
  const linf = cwAttack.create({ norm: "linf", epsilon: 8 / 255 }, [20], { restarts: 2 });
  assert.equal(linf.label, "CW-20 (margin loss), L∞ ε=8/255, α=1/255, 2 restarts, random start");
  assert.deepEqual([linf.name, linf.passes, linf.nearest], ["cw-20", 40, undefined]);
  const l2 = cwAttack.create(L2, [100]);
  assert.equal(l2.label, "CW-100 (nearest in L2), L2 ε=0.6, 9 values of c from 0.001, κ=0, Adam at 0.01");
  assert.deepEqual([l2.name, l2.passes, l2.forwards], ["cw-100", 900, 1]);
  assert.throws(() => cwAttack.create(LINF, [20], { searchSteps: 3 }), /"searchSteps" of attack "cw-20" in L∞/);
  assert.throws(() => cwAttack.create(L2, [20], { restarts: 3 }), /"restarts" of attack "cw-20" in L2/);
});

Deno.test("cwLinf() and cwL2() refuse options out of range", () => {
  for (const steps of [0, 1.5, NaN]) {
    assert.throws(() => cwLinf(LINF, { steps }), /Cannot run CW with/);
    assert.throws(() => cwL2(L2, { steps }), /Cannot run CW with/);
  }
  assert.throws(() => cwLinf(LINF, { steps: 1, stepSize: 0 }), RangeError);
  for (const searchSteps of [0, 51, 1.5]) assert.throws(() => cwL2(L2, { steps: 1, searchSteps }), RangeError);
  for (const initialConstant of [0, -1]) assert.throws(() => cwL2(L2, { steps: 1, initialConstant }), RangeError);
});

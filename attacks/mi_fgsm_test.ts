import * as tf from "@tensorflow/tfjs";
import assert from "node:assert/strict";
import { cpuEngine } from "../backends/cpu.ts";
import { correctness, drawFrom, makeSubject, rowsOf, type Subject } from "./_test_subject.ts";
import type { Attack, Classifier, ThreatModel } from "./attack.ts";
import { fgsm } from "./fgsm.ts";
import { miFgsm } from "./mi_fgsm.ts";
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

async function rowsAfter(attack: Attack, { model, batch }: Pick<Subject, "model" | "batch">): Promise<Float32Array[]> {
  const images = await attack.perturb(model, batch, drawFrom(1));
  const values = await images.data<"float32">();
  assert.deepEqual((await verify(model, batch, images, attack.threat)).violations, []);
  images.dispose();
  return Array.from(batch.ids, (_, row) => values.slice(64 * row, 64 * row + 64));
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - b[i]!)), 0);
}

Deno.test("miFgsm() of one step is FGSM, but for misclassified images, which stay", () =>
  withSubject(async (subject) => {
    const clean = await subject.batch.x.data<"float32">();
    for (const threat of [LINF, L2]) {
      const [ours, fgsms] = [
        await rowsAfter(miFgsm(threat, { steps: 1 }), subject),
        await rowsAfter(fgsm(threat), subject),
      ];
      const correct = await correctness(subject.model, subject.batch.x, subject.batch.y);
      correct.forEach((isCorrect, row) => {
        const expected = isCorrect ? fgsms[row]! : clean.slice(64 * row, 64 * row + 64);
        assert.ok(largestDifference(ours[row]!, expected) < 1e-6, `${threat.norm}, image ${row}`);
      });
    }
  }));

Deno.test("miFgsm() without momentum is PGD from the image", () =>
  withSubject(async (subject) => {
    for (const threat of [LINF, L2]) {
      const stepSize = threat.epsilon / 4;
      const plain = pgd(threat, { steps: 4, stepSize, randomStart: false, freezeFooled: true });
      const expected = await rowsAfter(plain, subject);
      const ours = await rowsAfter(miFgsm(threat, { steps: 4, decay: 0 }), subject);
      ours.forEach((row, i) => assert.ok(largestDifference(row, expected[i]!) < 1e-5, `${threat.norm}, image ${i}`));
    }
  }));

Deno.test("miFgsm() adds up gradients that are divided by their sum of magnitudes", async () => {
  // the loss of label 1, a kernel's stand-in, is 10 a² − b in the first two pixels; gradients at (a, b): (20 a, −1)
  const kernels = {
    ...(await cpuEngine.open()).kernels,
    crossEntropy: (logits: tf.Tensor2D) => tf.reshape(tf.slice(logits, [0, 0], [-1, 1]), [-1]) as tf.Tensor1D,
  };
  const model: Classifier = {
    classes: 2,
    kernels,
    logits: (x) =>
      tf.tidy(() => {
        const [a, b] = tf.split(tf.reshape(x, [-1, 2]), 2, 1) as [tf.Tensor2D, tf.Tensor2D];
        const loss = tf.sub(tf.mul(10, tf.square(a)), b) as tf.Tensor2D;
        return tf.concat([loss, tf.add(loss, 1)], 1) as tf.Tensor2D;
      }),
  };
  const x = tf.tensor4d([0.05, 0.5], [1, 1, 2, 1]), y = tf.tensor1d([1], "int32"), ids = Uint32Array.of(0);
  const attack = miFgsm({ norm: "l2", epsilon: 0.2 }, { steps: 2, stepSize: 0.1, decay: 0.5 });
  const images = await attack.perturb(model, { x, y, ids }, drawFrom(1));
  const first = [1 / 2, -1 / 2], a = 0.05 + 0.1 * Math.SQRT1_2, b = 0.5 - 0.1 * Math.SQRT1_2;
  const size = 20 * a + 1, second = [first[0]! / 2 + 20 * a / size, first[1]! / 2 - 1 / size];
  const expected = [a, b].map((value, i) => value + 0.1 * second[i]! / Math.hypot(...second));
  // within the ball: the two steps point nearly the same way, and are 0.2 long together
  (await images.data()).forEach((value, i) => assert.ok(Math.abs(value - expected[i]!) < 1e-6));
  tf.dispose([x, y, images]);
});

Deno.test("miFgsm() leaves images where they are fooled, in batches of any size", () =>
  withSubject(async (subject) => {
    const { model, batch } = subject;
    for (const threat of [LINF, L2]) {
      const stepSize = threat.epsilon / 8;
      let before: Float32Array[] | undefined, frozen = 0;
      for (const steps of [2, 4, 8, 12]) {
        const attack = miFgsm(threat, { steps, stepSize });
        const rows = await rowsAfter(attack, subject);
        for (const size of [1, 3]) {
          for (let begin = 0; begin < 7; begin += size) {
            const part = rowsOf(batch, begin, Math.min(begin + size, 7));
            assert.deepEqual(await rowsAfter(attack, { model, batch: part }), rows.slice(begin, begin + size));
            tf.dispose([part.x, part.y]);
          }
        }
        for (const [row, image] of before?.entries() ?? []) {
          const one = rowsOf(batch, row, row + 1), at = tf.tensor4d(image, [1, 8, 8, 1]);
          const [correct] = await correctness(model, at, one.y);
          tf.dispose([one.x, one.y, at]);
          if (correct) continue;
          frozen++;
          assert.deepEqual(rows[row], image);
        }
        before = rows;
      }
      assert.ok(frozen > 3, "hardly any image was ever fooled");
    }
  }));

Deno.test("miFgsm() says in its label what runs", () => {
  const ten = miFgsm({ norm: "linf", epsilon: 8 / 255 }, { steps: 10 });
  assert.equal(ten.label, "MI-FGSM-10, L∞ ε=8/255, α=0.00313725, μ=1");
  assert.deepEqual([ten.name, ten.passes, ten.forwards], ["mi-fgsm-10", 10, 0]);
  const other = miFgsm(L2, { steps: 2, stepSize: 0.5, decay: 0.9, loss: "margin" });
  assert.equal(other.label, "MI-FGSM-2, L2 ε=0.6, α=0.5, μ=0.9, margin loss");
  assert.deepEqual(other.resolved, { steps: 2, stepSize: 0.5, decay: 0.9, loss: "margin" });
});

Deno.test("miFgsm() refuses options out of range", () => {
  for (const steps of [0, -1, 2.5, NaN]) assert.throws(() => miFgsm(LINF, { steps }), /Cannot run MI-FGSM with/);
  for (const stepSize of [0, -1, NaN, Infinity]) assert.throws(() => miFgsm(LINF, { steps: 1, stepSize }), RangeError);
  for (const decay of [-0.1, NaN]) assert.throws(() => miFgsm(LINF, { steps: 1, decay }), RangeError);
});

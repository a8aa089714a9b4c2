import * as tf from "@tensorflow/tfjs";
import assert from "node:assert/strict";
import fc from "fast-check";
import { cpuEngine } from "../backends/cpu.ts";
import { judge } from "./judge.ts";
import { dlr, dlrTargeted, logitDifference, lossPerImage, margin } from "./losses.ts";

const LOGITS = [[3, 1, -2], [-1, -5, -1.5], [2, 2, 2]];
const LABELS = [0, 1, 0];

/** A network whose image is its logits. */
async function echo() {
  const { kernels } = await cpuEngine.open();
  return { classes: 3, kernels, logits: (x: tf.Tensor4D) => tf.reshape(x, [-1, 3]) as tf.Tensor2D };
}

Deno.test("margin() is the largest other logit minus the label's", async () => {
  await cpuEngine.open();
  const logits = tf.tensor2d(LOGITS), labels = tf.tensor1d(LABELS, "int32");
  const values = margin(logits, labels, 3);
  assert.deepEqual([...await values.data()], [-2, 4, 0]);
  const gradient = tf.grad((z) => margin(z as tf.Tensor2D, labels, 3))(tf.slice(logits, [0, 0], [3, 3]));
  assert.deepEqual([...await gradient.data()].slice(0, 6), [-1, 1, 0, 1, -1, 0]);
  tf.dispose([logits, labels, values, gradient]);
});

Deno.test("lossPerImage() gives one number per image for each loss", async () => {
  const model = await echo();
  const logits = tf.tensor2d(LOGITS), labels = tf.tensor1d(LABELS, "int32");
  const entropies = lossPerImage("cross-entropy", model, logits, labels);
  assert.ok(Math.abs((await entropies.data())[2]! - Math.log(3)) < 1e-6);
  const margins = lossPerImage("margin", model, logits, labels);
  assert.deepEqual(margins.shape, [3]);
  tf.dispose([logits, labels, entropies, margins]);
});

Deno.test("judge() takes the first of equal logits and no logit that is not a number", async () => {
  const model = await echo();
  const x = tf.tensor4d([...LOGITS, [NaN, 1, 0], [5, NaN, 0]].flat(), [5, 1, 3, 1]);
  const y = tf.tensor1d([...LABELS, 0, 0], "int32");
  const { correct, finite } = await judge(model, x, y);
  assert.deepEqual([...correct], [1, 0, 1, 0, 0]);
  assert.deepEqual([...finite], [1, 1, 1, 0, 0]);
  tf.dispose([x, y]);
});

/** Losses of one image and their gradient in its logits. */
function lossAndGradient(
  logits: readonly number[],
  loss: (logits: tf.Tensor2D, of: (label: number) => tf.Tensor1D) => tf.Tensor1D,
) {
  return tf.tidy(() => {
    const of = (label: number) => tf.tensor1d([label], "int32");
    const { value, grad } = tf.valueAndGrad((z) => loss(z as tf.Tensor2D, of))(tf.tensor2d([[...logits]]));
    return { loss: value.dataSync<"float32">()[0]!, gradient: [...grad.dataSync<"float32">()] };
  });
}

const dlrAt = (logits: readonly number[], label: number) =>
  lossAndGradient(logits, (z, of) => dlr(z, of(label), logits.length));

const dlrTargetedAt = (logits: readonly number[], label: number, target: number) =>
  lossAndGradient(logits, (z, of) => dlrTargeted(z, of(label), of(target), logits.length));

function assertNear(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) <= 1e-5 * Math.max(1, Math.abs(expected)), `${actual}, expected ${expected}`);
}

/** Logits far enough apart that a small change leaves their order. */
const spreadLogits = fc.array(fc.integer({ min: -40, max: 40 }), { minLength: 5, maxLength: 5 })
  .map((values) => values.map((value, i) => value / 2 + 0.05 * i));

Deno.test("dlr() is the margin in units of the gap between the first and the third logit", async () => {
  await cpuEngine.open();
  assertNear(dlrAt([5, 2, 1, -3], 0).loss, -3 / 4);
  assertNear(dlrAt([5, 2, 1, -3], 1).loss, 3 / 4);
  assertNear(dlrAt([5, 2, 1, -3], 3).loss, 8 / 4);
});

Deno.test("dlrTargeted() sets the target's lead against the gap to the third and fourth logit", async () => {
  await cpuEngine.open();
  assertNear(dlrTargetedAt([5, 2, 1, -3, -9], 0, 1).loss, -3 / 6);
  assertNear(dlrTargetedAt([5, 2, 1, -3, -9], 1, 0).loss, 3 / 6);
  assertNear(dlrTargetedAt([5, 2, 1, -3, -9], 0, 4).loss, -14 / 6);
});

Deno.test("dlr() and dlrTargeted() do not change where logits are shifted or scaled", async () => {
  await cpuEngine.open();
  const classes = fc.record({ label: fc.nat({ max: 4 }), target: fc.nat({ max: 4 }) });
  const scales = fc.record({ shift: fc.integer({ min: -20, max: 20 }), scale: fc.constantFrom(0.25, 2, 16) });
  fc.assert(
    fc.property(spreadLogits, classes, scales, (logits, { label, target }, { shift, scale }) => {
      const other = logits.map((value) => scale * (value + shift));
      const close = (a: number, b: number) => assert.ok(Math.abs(a - b) <= 1e-3 * Math.max(1, Math.abs(a)));
      close(dlrAt(logits, label).loss, dlrAt(other, label).loss);
      close(dlrTargetedAt(logits, label, target).loss, dlrTargetedAt(other, label, target).loss);
    }),
    { seed: 5 },
  );
});

Deno.test("dlr() and dlrTargeted() have the gradient of their differences", async () => {
  await cpuEngine.open();
  const STEP = 2 ** -7;
  fc.assert(
    fc.property(
      spreadLogits,
      fc.nat({ max: 4 }),
      fc.nat({ max: 4 }),
      fc.nat({ max: 4 }),
      (logits, label, target, k) => {
        for (const at of [(z: number[]) => dlrAt(z, label), (z: number[]) => dlrTargetedAt(z, label, target)]) {
          const { loss, gradient } = at(logits);
          if (Math.abs(loss) > 4) continue; // nearly equal first logits: too steep for a difference
          const [above, below] = [STEP, -STEP].map((h) => at(logits.with(k, logits[k]! + h)).loss);
          const slope = (above! - below!) / (2 * STEP);
          assert.ok(Math.abs(slope - gradient[k]!) <= 0.02 * Math.max(1, Math.abs(slope)), `${slope}, ${gradient[k]}`);
        }
      },
    ),
    { seed: 6 },
  );
});

Deno.test("dlr() and dlrTargeted() are finite where logits are equal", async () => {
  await cpuEngine.open();
  for (const { loss, gradient } of [dlrAt([2, 2, 2, 2], 1), dlrTargetedAt([2, 2, 2, 2], 1, 2)]) {
    assert.equal(Math.abs(loss), 0);
    assert.ok(gradient.every(Number.isFinite));
  }
});

Deno.test("dlr() refuses 2 classes and dlrTargeted() 3", async () => {
  await cpuEngine.open();
  assert.throws(
    () => dlrAt([1, 2], 0),
    new RangeError("Cannot use the DLR loss with 2 classes: it needs at least 3"),
  );
  assert.throws(
    () => dlrTargetedAt([1, 2, 3], 0, 1),
    new RangeError("Cannot use the targeted DLR loss with 3 classes: it needs at least 4"),
  );
});

Deno.test("logitDifference() is above 0 where the target has overtaken the label", async () => {
  await cpuEngine.open();
  const { loss, gradient } = lossAndGradient([3, 1, -2], (z, of) => logitDifference(z, of(1), of(0), 3));
  assert.equal(loss, 2);
  assert.deepEqual(gradient.map((value) => value + 0), [1, -1, 0]);
});

import * as tf from "@tensorflow/tfjs";
import assert from "node:assert/strict";
import { cpuEngine } from "../backends/cpu.ts";
import { judge } from "./judge.ts";
import { lossPerImage, margin } from "./losses.ts";

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
  assert.equal(finite, false);
  tf.dispose([x, y]);
});

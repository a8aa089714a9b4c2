import * as tf from "@tensorflow/tfjs";
import assert from "node:assert/strict";
import { cpuEngine } from "../backends/cpu.ts";
import { makeSubject } from "./_test_subject.ts";
import type { Classifier } from "./attack.ts";
import { predictions, queryOf, takeRows } from "./query.ts";

/** Logits [a·x, 0] of one-pixel images, where a is 1, 2, 3, … from answer to answer. */
async function drawingNetwork(): Promise<Classifier> {
  const { kernels } = await cpuEngine.open();
  let answers = 0;
  return {
    classes: 2,
    kernels,
    logits(x) {
      const value = tf.mul(tf.reshape(x, [-1, 1]), ++answers);
      return tf.concat([value, tf.zerosLike(value)], 1) as tf.Tensor2D;
    },
  };
}

const firstLogit = (logits: tf.Tensor2D) => tf.squeeze(tf.slice(logits, [0, 0], [-1, 1]), [1]) as tf.Tensor1D;

Deno.test("queryOf() answers as the network does, and leaves no tensor behind", async () => {
  const { model, batch, dispose } = await makeSubject(await cpuEngine.open());
  const images = Float32Array.from(await batch.x.data());
  const query = queryOf(model, [8, 8, 1]);
  assert.deepEqual([query.pixels, query.classes], [64, 3]);
  const logits = model.logits(batch.x), before = tf.memory().numTensors;
  const expected = Float32Array.from(await logits.data());
  assert.deepEqual(await query.logits(images), expected);
  const answer = await query.gradient(images, firstLogit);
  assert.deepEqual(answer.logits, expected);
  assert.deepEqual(answer.losses, Float32Array.from({ length: 7 }, (_, row) => expected[3 * row]!));
  assert.equal(tf.memory().numTensors, before);
  const gradient = tf.grad((x) => tf.sum(firstLogit(model.logits(x as tf.Tensor4D))))(batch.x);
  assert.deepEqual(answer.gradient, Float32Array.from(await gradient.data()));
  tf.dispose([logits, gradient]);
  dispose();
});

Deno.test("queryOf() gives an image's gradient whatever the rest of the batch", async () => {
  const { model, batch, dispose } = await makeSubject(await cpuEngine.open());
  const images = Float32Array.from(await batch.x.data());
  const query = queryOf(model, [8, 8, 1]);
  const whole = await query.gradient(images, firstLogit),
    part = await query.gradient(images.slice(64, 192), firstLogit);
  assert.deepEqual(part.gradient, whole.gradient.slice(64, 192));
  dispose();
});

Deno.test("queryOf() takes the mean of the gradients, and logits and losses of the last answer", async () => {
  const query = queryOf(await drawingNetwork(), [1, 1, 1]);
  const { logits, losses, gradient } = await query.gradient(Float32Array.of(1, 10), firstLogit, 4);
  assert.deepEqual([...gradient], [2.5, 2.5]);
  assert.deepEqual([...losses], [4, 40]);
  assert.deepEqual([...logits], [4, 0, 40, 0]);
});

Deno.test("queryOf() releases the images where the network fails", async () => {
  const { kernels } = await cpuEngine.open();
  const query = queryOf({ classes: 2, kernels, logits: () => assert.fail("broken") }, [1, 1, 1]);
  const before = tf.memory().numTensors;
  await assert.rejects(query.gradient(Float32Array.of(0), firstLogit), /broken/);
  assert.equal(tf.memory().numTensors, before);
});

Deno.test("takeRows() copies rows in the order asked for", () => {
  const values = Float32Array.of(0, 1, 10, 11, 20, 21);
  const taken = takeRows(values, [2, 0, 2], 2);
  assert.deepEqual([...taken], [20, 21, 0, 1, 20, 21]);
  taken.fill(-1);
  assert.deepEqual([...values], [0, 1, 10, 11, 20, 21]);
  assert.equal(takeRows(values, [], 2).length, 0);
});

Deno.test("predictions() takes the first of equal logits", () => {
  assert.deepEqual([...predictions(Float32Array.of(1, 3, 2, 5, 5, 0, -1, -2, -1), 3)], [1, 0, 0]);
});

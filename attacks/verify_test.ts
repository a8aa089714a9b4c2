import * as tf from "@tensorflow/tfjs";
import assert from "node:assert/strict";
import { cpuEngine } from "../backends/cpu.ts";
import { makeSubject } from "./_test_subject.ts";
import { roundingTolerance, verify } from "./verify.ts";

const LINF = { norm: "linf", epsilon: 0.1 } as const;

Deno.test("verify() recomputes perturbation, range and success", async () => {
  const { model, batch, dispose } = await makeSubject(await cpuEngine.open());
  const clean = await verify(model, batch, batch.x, LINF);
  assert.deepEqual([...clean.correct], [1, 1, 1, 1, 1, 1, 0]);
  assert.deepEqual([clean.maxPerturbation, clean.insideBall, clean.insideBox], [0, true, true]);
  assert.deepEqual(clean.violations, []);
  const far = tf.tidy(() => tf.add(batch.x, 0.25) as tf.Tensor4D);
  const moved = await verify(model, batch, far, LINF);
  assert.ok(Math.abs(moved.maxPerturbation - 0.25) < 1e-6);
  assert.deepEqual([moved.insideBall, moved.insideBox], [false, false]);
  assert.match(moved.violations.join("; "), /^the perturbation 0\.25\d* exceeds L∞ ε=0\.1; pixels lie outside 0\.\.1$/);
  const long = await verify(model, batch, far, { norm: "l2", epsilon: 1.9 });
  assert.ok(Math.abs(long.maxPerturbation - 2) < 1e-5, "64 pixels of 0.25 have norm 2");
  assert.equal(long.insideBall, false);
  far.dispose();
  dispose();
});

Deno.test("verify() never passes an image that is not a number", async () => {
  const { model, batch, dispose } = await makeSubject(await cpuEngine.open());
  const broken = tf.fill(batch.x.shape, NaN) as tf.Tensor4D;
  const { correct, insideBall, insideBox, violations } = await verify(model, batch, broken, LINF);
  assert.deepEqual([insideBall, insideBox, violations.length], [false, false, 3]);
  assert.ok(correct.every((value) => value === 0));
  broken.dispose();
  dispose();
});

Deno.test("verify() allows rounding and no more", async () => {
  const { model, batch, dispose } = await makeSubject(await cpuEngine.open());
  const x = tf.zeros(batch.x.shape) as tf.Tensor4D;
  const at = async (value: number) => {
    const images = tf.fill(batch.x.shape, value) as tf.Tensor4D;
    const { insideBall } = await verify(model, { x, y: batch.y }, images, LINF);
    images.dispose();
    return insideBall;
  };
  assert.equal(await at(0.1 + roundingTolerance(LINF, 64) / 2), true);
  assert.equal(await at(0.1 + roundingTolerance(LINF, 64) * 2), false);
  x.dispose();
  dispose();
});

Deno.test("verify() refuses images of another shape", async () => {
  const { model, batch, dispose } = await makeSubject(await cpuEngine.open());
  const other = tf.zeros([1, 8, 8, 1]) as tf.Tensor4D;
  await assert.rejects(verify(model, batch, other, LINF), TypeError);
  other.dispose();
  dispose();
});

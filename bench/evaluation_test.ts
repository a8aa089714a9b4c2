import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import type { Attack, Classifier } from "../attacks/attack.ts";
import { cpuEngine } from "../backends/cpu.ts";
import type { Split } from "../data/dataset.ts";
import { soloTeam } from "../backends/team.ts";
import { random } from "../random/random.ts";
import { evaluate } from "./evaluation.ts";
import { Diverged, type EvaluationTask, Stopped } from "./evaluation_task.ts";

const { kernels } = await cpuEngine.open();

/** Images of one pixel: byte 50 for class 0, byte 200 for class 1, in turn. */
function pixels(count: number): Split {
  return {
    name: "validation",
    images: Uint8Array.from({ length: count }, (_, i) => i % 2 === 0 ? 50 : 200),
    labels: Uint8Array.from({ length: count }, (_, i) => i % 2),
    ids: Uint32Array.from({ length: count }, (_, i) => i),
  };
}

/** Says class 1 where the pixel is above one half. */
const threshold: Classifier = {
  classes: 2,
  kernels,
  logits: (x) => tf.tidy(() => tf.concat([tf.scalar(0.5).sub(x.reshape([-1, 1])), x.reshape([-1, 1]).sub(0.5)], 1)),
};

/** Adds `shift(id)` to the pixel of each image. */
function shifting(shift: (id: number) => number): Attack {
  return {
    name: "shift",
    label: "shift",
    threat: { norm: "linf", epsilon: 0.4 },
    resolved: {},
    passes: 0,
    forwards: 0,
    perturb: (_model, { x, ids }) => {
      return Promise.resolve(tf.tidy(() => x.add(tf.tensor4d([...ids].map(shift), [ids.length, 1, 1, 1]))));
    },
  };
}

function task(change: Partial<EvaluationTask>): EvaluationTask {
  return {
    split: pixels(10),
    team: soloTeam(1),
    shape: [1, 1, 1],
    batch: 4,
    attacks: new Map(),
    draw: (stream, ...indices) => random(0, stream, ...indices),
    onProgress: () => {},
    shouldStop: () => false,
    ...change,
  };
}

Deno.test("evaluate() counts over all batches, the partial last one included", async () => {
  // Only image 8, in the last batch, is moved across the threshold, and image 1 is moved the farthest.
  const attack = shifting((id) => id === 8 ? 0.35 : id === 1 ? -0.1 : 0);
  const { clean, robust } = await evaluate(threshold, task({ attacks: new Map([["shift", attack]]) }));
  assert.deepEqual(clean, { accuracy: 1, correct: 10, count: 10 });
  assert.deepEqual([robust[0]!.attack, robust[0]!.correct, robust[0]!.count], ["shift", 9, 10]);
  assert.ok(Math.abs(robust[0]!.maxPerturbation - 0.35) < 1e-6, "the largest of all batches");
});

Deno.test("evaluate() counts an image that left its ball or the box as not fooled, and warns", async () => {
  // Images 0 and 2 cross the threshold: 0 by too much, 2 within the ball; 4 stays, by too much.
  const shifts = new Map([[0, 0.6], [2, 0.35], [4, -0.6]]);
  const attack = shifting((id) => shifts.get(id) ?? 0);
  const { robust, warnings } = await evaluate(threshold, task({ attacks: new Map([["shift", attack]]) }));
  assert.equal(robust[0]!.correct, 9);
  assert.ok(robust[0]!.maxPerturbation < 0.4, "those that do not count do not set the largest perturbation either");
  assert.deepEqual(warnings.map(({ code }) => code), ["perturbation-violated"]);
  assert.match(warnings[0]!.message, /^2 images of shift left the ball or 0..1/);
});

Deno.test("evaluate() takes answers that are not finite for divergence", async () => {
  const broken: Classifier = { ...threshold, logits: (x) => tf.fill([x.shape[0], 2], NaN) };
  await assert.rejects(evaluate(broken, task({})), Diverged);
});

Deno.test("evaluate() stops between two batches when asked, and leaves no tensor", async () => {
  const before = tf.memory().numTensors;
  let batches = 0;
  const stopping = task({ onProgress: () => batches++, shouldStop: () => batches === 2 });
  await assert.rejects(evaluate(threshold, stopping), Stopped);
  assert.deepEqual([batches, tf.memory().numTensors], [2, before]);
});

import * as tf from "@tensorflow/tfjs";
import assert from "node:assert/strict";
import type { Classifier } from "../attacks/attack.ts";
import { cpuEngine } from "../backends/cpu.ts";
import { soloTeam } from "../backends/team.ts";
import { random } from "../random/random.ts";
import type { EvaluationTask } from "./evaluation_task.ts";
import { verifyWinners } from "./verify_winners.ts";

const { kernels } = await cpuEngine.open();

/** Says class 1 where the pixel is above one half. */
const threshold: Classifier = {
  classes: 2,
  kernels,
  logits: (x) => tf.tidy(() => tf.concat([tf.scalar(0.5).sub(x.reshape([-1, 1])), x.reshape([-1, 1]).sub(0.5)], 1)),
};

/** Five images of one pixel, 102/255 = 0.4, all of class 0. */
const task: EvaluationTask = {
  split: { name: "test", images: new Uint8Array(5).fill(102), labels: new Uint8Array(5), ids: new Uint32Array(5) },
  team: soloTeam(1),
  shape: [1, 1, 1],
  batch: 2,
  attacks: new Map(),
  draw: (stream, ...indices) => random(0, stream, ...indices),
  onProgress: () => {},
  shouldStop: () => false,
};

Deno.test("verifyWinners() takes back what does not fool, leaves the ball or the box, or is no number", async () => {
  const correct = Uint8Array.of(0, 0, 0, 0, 0);
  const found = new Map([0.55, 0.45, 0.9, -0.1, NaN].map((pixel, position) => [position, Float32Array.of(pixel)]));
  const attack = { name: "toy", threat: { norm: "linf", epsilon: 0.2 } } as const;
  const verdict = await verifyWinners(threshold, task, { attack, clean: new Uint8Array(5).fill(1), correct, found });
  assert.deepEqual([...correct], [0, 1, 1, 1, 1]);
  assert.equal(verdict.changed, 1, "0.45 is inside and still of class 0");
  assert.equal(verdict.violations, 3);
  assert.ok(Math.abs(verdict.maxPerturbation - 0.15) < 1e-6, "only the image that holds counts");
});

Deno.test("verifyWinners() leaves images alone that were misclassified without an attack", async () => {
  const correct = Uint8Array.of(0, 1, 1, 1, 1), clean = Uint8Array.of(0, 1, 1, 1, 1);
  const found = new Map([[0, Float32Array.of(0.4)]]);
  const attack = { name: "toy", threat: { norm: "linf", epsilon: 0.2 } } as const;
  const verdict = await verifyWinners(threshold, task, { attack, clean, correct, found });
  assert.deepEqual([verdict.violations, verdict.changed, correct[0]], [0, 0, 0]);
});

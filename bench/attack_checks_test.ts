import * as tf from "@tensorflow/tfjs";
import assert from "node:assert/strict";
import type { Classifier } from "../attacks/attack.ts";
import { findAttack } from "../attacks/registry.ts";
import { cpuEngine } from "../backends/cpu.ts";
import { soloTeam } from "../backends/team.ts";
import { random } from "../random/random.ts";
import { checkNetwork } from "./attack_checks.ts";
import type { EvaluationTask } from "./evaluation_task.ts";

const { kernels } = await cpuEngine.open();

/** Six images of two pixels. */
function taskOf(names: readonly string[]): EvaluationTask {
  const threat = { norm: "linf", epsilon: 0.1 } as const;
  return {
    split: {
      name: "test",
      images: Uint8Array.from({ length: 12 }, (_, i) => 20 + 17 * i),
      labels: new Uint8Array(6),
      ids: Uint32Array.from({ length: 6 }, (_, i) => i),
    },
    team: soloTeam(1),
    shape: [1, 2, 1],
    batch: 4,
    attacks: new Map(names.map((name) => [name, findAttack(name, threat)])),
    draw: (stream, ...indices) => random(0, stream, ...indices),
    onProgress: () => {},
    shouldStop: () => false,
  };
}

/** A linear network whose logits something is done to. */
function network(classes: number, change: (logits: tf.Tensor2D) => tf.Tensor2D = (logits) => logits): Classifier {
  const weights = tf.tensor2d(Array.from({ length: 2 * classes }, (_, i) => Math.sin(i + 1)), [2, classes]);
  return {
    classes,
    kernels,
    logits: (x) => tf.tidy(() => change(tf.matMul(x.reshape<tf.Tensor2D>([-1, 2]), weights))),
  };
}

async function codes(model: Classifier, names: readonly string[] = []): Promise<string[]> {
  return (await checkNetwork(model, taskOf(names), new Uint8Array(6).fill(1))).map(({ code }) => code);
}

Deno.test("checkNetwork() has nothing to say of an honest network", async () => {
  assert.deepEqual(await codes(network(10), ["autoattack", "apgd-t", "pgd-5"]), []);
});

Deno.test("checkNetwork() names a network that draws random numbers", async () => {
  const stream = random(1, "noise");
  const noisy = network(10, (logits) => logits.add(Array.from({ length: 10 }, () => stream.uniform())));
  assert.deepEqual(await codes(noisy), ["randomised-model"]);
});

Deno.test("checkNetwork() names probabilities", async () => {
  assert.deepEqual(await codes(network(10, (logits) => tf.softmax(logits))), ["probabilities"]);
});

Deno.test("checkNetwork() names gradients that are zero in every pixel", async () => {
  const steps = network(10, (logits) => tf.relu(logits.sub(1e3)).add(tf.linspace(0, 1, 10)));
  assert.deepEqual(await codes(steps), ["zero-gradients"]);
});

Deno.test("checkNetwork() tells what a network of few classes leaves out", async () => {
  assert.deepEqual(await codes(network(3), ["autoattack"]), ["few-classes", "few-classes"]);
  const [leftOut, fewer] = await checkNetwork(network(3), taskOf(["autoattack"]), new Uint8Array(6));
  assert.match(leftOut!.message, /was left out: apgd-t, for which 3 classes are too few/);
  assert.match(fewer!.message, /^fab-t had only 2 target classes/);
  assert.deepEqual(await codes(network(4), ["pgd-5"]), []);
});

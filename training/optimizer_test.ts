import * as tf from "@tensorflow/tfjs";
import assert from "node:assert/strict";
import { cpuEngine } from "../backends/cpu.ts";
import { createOptimizer, type OptimizerOptions } from "./create_optimizer.ts";
import type { Optimizer } from "./optimizer.ts";
import { scheduled, splitFirstLayer } from "./scheduled_optimizer.ts";

const { kernels } = await cpuEngine.open();

/** Values of one parameter "w" after each of `count` steps with the gradients 2, -1, 0.5. */
function walk(optimizer: Optimizer, start: number, learningRate: number, count = 3): number[] {
  const parameters = new Map<string, tf.Tensor>([["w", tf.tensor1d([start])]]);
  const path = [2, -1, 0.5].slice(0, count).map((value) => {
    const gradient = tf.tensor1d([value]);
    optimizer.update(parameters, new Map([["w", gradient]]), learningRate);
    gradient.dispose();
    return parameters.get("w")!.dataSync()[0]!;
  });
  parameters.get("w")!.dispose();
  return path;
}

function assertNear(actual: readonly number[], expected: readonly number[]): void {
  assert.equal(actual.length, expected.length);
  actual.forEach((value, i) => assert.ok(Math.abs(value - expected[i]!) < 1e-6, `${actual} against ${expected}`));
}

Deno.test("sgd without momentum descends along gradient plus decay", () => {
  // 1 - 0.1 (2 + 0.5·1) = 0.75; 0.75 - 0.1 (-1 + 0.375) = 0.8125; 0.8125 - 0.1 (0.5 + 0.40625) = 0.721875
  assertNear(walk(createOptimizer(kernels, { kind: "sgd", weightDecay: 0.5 }), 1, 0.1), [0.75, 0.8125, 0.721875]);
});

Deno.test("sgd's velocity starts at the first descent and then decays by the momentum", () => {
  // v: 2; 0.9·2 - 1 = 0.8; 0.9·0.8 + 0.5 = 1.22
  assertNear(walk(createOptimizer(kernels, { kind: "sgd", momentum: 0.9 }), 1, 0.1), [0.8, 0.72, 0.598]);
  // with decay 0.5: d = 2.5, v = 2.5, w = 0.75; d = -0.625, v = 1.625, w = 0.5875; d = 0.79375, v = 2.25625, w = 0.361875
  const both = createOptimizer(kernels, { kind: "sgd", momentum: 0.9, weightDecay: 0.5 });
  assertNear(walk(both, 1, 0.1), [0.75, 0.5875, 0.361875]);
});

Deno.test("adam takes three steps as computed by hand", () => {
  // m: 0.2, 0.08, 0.122; v: 0.004, 0.004996, 0.005241004; corrected by 1-0.9^t and 1-0.999^t:
  // 2/2 = 1; 0.4210526/1.5809176 = 0.2663343; 0.4501845/1.3223793 = 0.3404352
  assertNear(walk(createOptimizer(kernels, { kind: "adam" }), 1, 0.1), [0.9, 0.8733666, 0.8393231]);
});

Deno.test("adam's weight decay enters the gradient", () => {
  // one step has size lr whatever the gradient's size, along the sign of gradient plus decay
  assertNear(walk(createOptimizer(kernels, { kind: "adam", weightDecay: 3 }), -1, 0.1, 1), [-0.9]);
});

const kinds: OptimizerOptions[] = [
  { kind: "sgd", momentum: 0.9, weightDecay: 0.01 },
  { kind: "adam", weightDecay: 0.01 },
];

for (const options of kinds) {
  Deno.test(`${options.kind} goes on from a restored state as if never stopped, and leaves no tensor`, () => {
    const before = tf.memory().numTensors;
    const whole = createOptimizer(kernels, options);
    const first = walk(whole, 1, 0.1);
    const resumed = createOptimizer(kernels, options);
    resumed.restore(whole.state());
    assert.deepEqual(walk(resumed, 1, 0.1), walk(whole, 1, 0.1));
    assert.notDeepEqual(walk(whole, 1, 0.1), first);
    whole.dispose();
    assert.deepEqual(walk(whole, 1, 0.1), first);
    whole.dispose();
    resumed.dispose();
    assert.equal(tf.memory().numTensors, before);
  });
}

const refused: [OptimizerOptions, RegExp][] = [
  [{ kind: "sgd", momentum: 1 }, /momentum 1/],
  [{ kind: "sgd", momentum: -0.1 }, /momentum -0.1/],
  [{ kind: "adam", weightDecay: -1 }, /weightDecay -1/],
  [{ kind: "sgd", weightDecay: NaN }, /weightDecay NaN/],
];

for (const [options, message] of refused) {
  Deno.test(`createOptimizer() refuses ${JSON.stringify(options)} (${message.source})`, () => {
    assert.throws(() => createOptimizer(kernels, options), { name: "RangeError", message });
  });
}

Deno.test("splitFirstLayer() gives the first layer its own rate and state, and restores both", () => {
  const make = () =>
    splitFirstLayer(
      scheduled(createOptimizer(kernels, { kind: "sgd", momentum: 0.5 }), 0.1, { kind: "constant" }),
      scheduled(createOptimizer(kernels, { kind: "adam" }), 0.5, { kind: "piecewise", milestones: [1], factor: 0.1 }),
    );
  const step = (optimizer: ReturnType<typeof make>, number: number) => {
    const parameters = new Map<string, tf.Tensor>([["first.kernel", tf.scalar(1)], ["fc1.kernel", tf.scalar(1)]]);
    const gradients = new Map<string, tf.Tensor>([["first.kernel", tf.scalar(1)], ["fc1.kernel", tf.scalar(1)]]);
    optimizer.update(parameters, gradients, { step: number, stepsPerEpoch: 1, totalSteps: 4 });
    return [...parameters.values()].map((value) => value.dataSync()[0]!);
  };
  const optimizer = make();
  assertNear(step(optimizer, 0), [0.9, 0.5]);
  assertNear(step(optimizer, 1), [0.85, 0.95]);
  assert.deepEqual([...optimizer.state().keys()], [
    "first/momentum/first.kernel",
    "rest/mean/fc1.kernel",
    "rest/square/fc1.kernel",
    "rest/steps",
  ]);
  const resumed = make();
  resumed.restore(optimizer.state());
  assert.deepEqual(step(resumed, 2), step(optimizer, 2));
});

Deno.test("scheduled() refuses a learning rate that is not above 0", () => {
  const optimizer = createOptimizer(kernels, { kind: "adam" });
  assert.throws(() => scheduled(optimizer, 0, { kind: "constant" }), { message: /learning rate 0: it must be/ });
});

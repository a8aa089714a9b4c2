/** Every engine's inner loop against one that differentiates clip and first layer with tfjs, on the cpu backend. */

import assert from "node:assert/strict";
import fc from "fast-check";
import * as tf from "@tensorflow/tfjs";
import { tfjsPadding } from "./composed_kernels.ts";
import type { Activation, EngineName, InnerLoop } from "./engine.ts";
import { engines } from "./registry.ts";
import { assertClose, noise, on, properties, type Values } from "./testing/compare.ts";

type Setting = Pick<InnerLoop, "epsilon" | "stepSize" | "steps" | "update"> & {
  readonly activation: Activation;
  readonly stride: number;
  readonly pad: number;
};

/** Algorithm 1's inner loop as written, with tf.grad. tfjs's clip passes the gradient at its bounds. */
function slowInnerLoop({ firstLayer, x, eta, p, epsilon, stepSize, steps, update }: InnerLoop): tf.Tensor4D {
  const hamiltonian = (s: tf.Tensor) => {
    const { filter, bias, stride, padding, activation } = firstLayer;
    const sum = tf.add(tf.conv2d(tf.clipByValue(s as tf.Tensor4D, 0, 1), filter, stride, tfjsPadding(padding)), bias!);
    return tf.sum(tf.mul(p, activation === "relu" ? tf.relu(sum) : sum));
  };
  return tf.tidy(() => {
    let current = eta;
    for (let step = 0; step < steps; step++) {
      const g = tf.grad(hamiltonian)(tf.add(x, current));
      const moved = tf.add(current, tf.mul(stepSize, update === "sign" ? tf.sign(g) : g));
      current = tf.sub(tf.clipByValue(tf.add(x, tf.clipByValue(moved, -epsilon, epsilon)), 0, 1), x);
    }
    return tf.clone(current);
  });
}

/** Images with pixels at and near the box's edges, a perturbation that leaves the box, and a first layer. */
function values(batch: number, size: number, channels: number, { stride, pad }: Setting, seed: number): Values[] {
  const x = noise([batch, size, size, channels], seed, -0.5, 1.5);
  const out = Math.floor((size + 2 * pad - 3) / stride) + 1;
  return [
    { shape: x.shape, values: x.values.map((value) => Math.min(1, Math.max(0, value))) },
    noise(x.shape, seed + 1, -0.3, 0.3),
    noise([batch, out, out, 4], seed + 2),
    noise([3, 3, channels, 4], seed + 3),
    noise([4], seed + 4),
  ];
}

function loopOf([x, eta, p, filter, bias]: tf.Tensor[], { stride, pad, activation, ...rest }: Setting): InnerLoop {
  const padding = { top: pad, bottom: pad, left: pad, right: pad };
  return {
    firstLayer: { filter: filter as tf.Tensor4D, bias: bias as tf.Tensor1D, stride, padding, activation },
    x: x as tf.Tensor4D,
    eta: eta as tf.Tensor4D,
    p: p as tf.Tensor4D,
    ...rest,
  };
}

const run = (name: EngineName, inputs: Values[], setting: Setting) =>
  on(name, inputs, ({ kernels }, tensors) => [kernels.innerLoop(loopOf(tensors, setting))]);

const settings = fc.record({
  epsilon: fc.constantFrom(0.3, 8 / 255),
  stepSize: fc.constantFrom(0.01, 2 / 255),
  steps: fc.integer({ min: 0, max: 5 }),
  update: fc.constantFrom<"sign" | "gradient">("sign", "gradient"),
  activation: fc.constantFrom<Activation>("none", "relu"),
  stride: fc.constantFrom(1, 2),
  pad: fc.constantFrom(0, 1),
});

for (const { name, available } of engines) {
  const ignore = !(await available()).available;
  const test = (does: string, fn: () => Promise<void>) => Deno.test({ name: `${name} ${does}`, ignore, fn });

  test("innerLoop equals algorithm 1 through tf.grad", async () => {
    const shape = fc.record({
      batch: fc.integer({ min: 1, max: 4 }),
      size: fc.integer({ min: 3, max: 8 }),
      channels: fc.constantFrom(1, 3, 6),
      seed: fc.nat(),
    });
    const property = fc.asyncProperty(shape, settings, async ({ batch, size, channels, seed }, setting) => {
      const inputs = values(batch, size, channels, setting, seed);
      const expected = await on("cpu", inputs, (_, tensors) => [slowInnerLoop(loopOf(tensors, setting))]);
      assertClose(await run(name, inputs, setting), expected);
    });
    await fc.assert(property, properties);
  });

  test("innerLoop in closed form, where f0 is linear, equals the loop within 1e-6", async () => {
    const shape = fc.record({
      batch: fc.integer({ min: 1, max: 3 }),
      size: fc.integer({ min: 3, max: 8 }),
      channels: fc.constantFrom(1, 3),
      seed: fc.nat(),
      reach: fc.constantFrom(0.001, 0.3), // starts inside and outside the box
      steps: fc.constantFrom(1, 2, 3, 10, 20), // at 40 the loop's own rounding reaches 1e-6
      stepSize: fc.constantFrom(0.002, 0.01, 0.1), // n·α below and above ε
      stride: fc.constantFrom(1, 2),
      pad: fc.constantFrom(0, 1),
    });
    const property = fc.asyncProperty(shape, async ({ batch, size, channels, seed, reach, ...rest }) => {
      const setting: Setting = { ...rest, epsilon: 0.3, update: "sign", activation: "none" };
      const inputs = values(batch, size, channels, setting, seed);
      inputs[1] = noise(inputs[1]!.shape, seed + 1, -reach, reach);
      const [expected] = await on("cpu", inputs, (_, tensors) => [slowInnerLoop(loopOf(tensors, setting))]);
      const [actual] = await run(name, inputs, setting);
      const errors = actual!.values.map((value, i) => Math.abs(value - expected!.values[i]!));
      assert.ok(Math.max(...errors) <= 1e-6, `differs by ${Math.max(...errors)}`);
    });
    await fc.assert(property, properties);
  });

  test("innerLoop moves pixels at the box's edge and leaves those outside it unmoved", async () => {
    // f0 is the identity on one channel and p is 1, so g is 1 inside the box and at its bounds, and 0 outside.
    const inputs: Values[] = [
      { shape: [1, 1, 4, 1], values: Float32Array.of(0, 0.5, 1, 0.25) },
      { shape: [1, 1, 4, 1], values: Float32Array.of(-0.125, 0, 0, 0.25) },
      { shape: [1, 1, 4, 1], values: Float32Array.of(1, -1, -1, 0) },
      { shape: [1, 1, 1, 1], values: Float32Array.of(1) },
      { shape: [1], values: Float32Array.of(0) },
    ];
    const setting: Setting = {
      epsilon: 0.5,
      stepSize: 0.0625,
      steps: 1,
      update: "sign",
      activation: "none",
      stride: 1,
      pad: 0,
    };
    const [eta] = await run(name, inputs, setting);
    // -0.125 lies outside, so only the box moves it; 0.5 and the 1 at the bound follow -1; sign(0) is 0.
    assert.deepEqual([...eta!.values], [0, -0.0625, -0.0625, 0.25]);
    const [linear] = await run(name, inputs, { ...setting, steps: 2 });
    assert.deepEqual([...linear!.values], [0.0625, -0.125, -0.125, 0.25]);
  });

  test("innerLoop by the gradient does not depend on the rest of the batch", async () => {
    const setting: Setting = {
      epsilon: 0.3,
      stepSize: 0.01,
      steps: 4,
      update: "gradient",
      activation: "relu",
      stride: 1,
      pad: 1,
    };
    const inputs = values(3, 6, 1, setting, 11);
    const [whole] = await run(name, inputs, setting);
    const one = inputs.map(({ shape, values }, i) =>
      i < 3
        ? { shape: [1, ...shape.slice(1)], values: values.slice(values.length / 3, 2 * values.length / 3) }
        : { shape, values }
    );
    const [alone] = await run(name, one, setting);
    assertClose([alone!], [{ shape: [1, 6, 6, 1], values: whole!.values.slice(36, 72) }]);
  });
}

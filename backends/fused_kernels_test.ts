/** Every engine's normalisation, sums, losses and steps against plain ops on the cpu backend. */

import assert from "node:assert/strict";
import fc from "fast-check";
import * as tf from "@tensorflow/tfjs";
import { composedKernels, crossEntropy, linfStep } from "./composed_kernels.ts";
import { adamStep, sgdStep } from "./composed_optimizer_steps.ts";
import type { Activation, Engine, Kernels } from "./engine.ts";
import { assertClose, noise, on, properties, valueAndGradients, type Values } from "./testing/compare.ts";
import { variants } from "./testing/variants.ts";

const composed = composedKernels();

const small = fc.integer({ min: 1, max: 9 });
const images = fc.record({ batch: small, height: small, width: small, channels: fc.integer({ min: 1, max: 40 }) });

const activations = fc.constantFrom<Activation>("none", "relu");

type Normalize = (kernels: Kernels, inputs: tf.Tensor[], activation: Activation) => tf.Tensor4D;

const inTraining: Normalize = (kernels, [x, scale, offset], activation) =>
  kernels.batchNormalization(x as tf.Tensor4D, scale as tf.Tensor1D, offset as tf.Tensor1D, {
    epsilon: 1e-3,
    activation,
  }).y;

const inEvaluation: Normalize = (kernels, [x, scale, offset, mean, variance], activation) => {
  const statistics = { mean: mean as tf.Tensor1D, variance: variance as tf.Tensor1D };
  const options = { epsilon: 1e-3, activation };
  return kernels.normalization(x as tf.Tensor4D, scale as tf.Tensor1D, offset as tf.Tensor1D, statistics, options);
};

/** y, and its gradients in x, scale and offset. */
function normalization(normalize: Normalize, activation: Activation) {
  return ({ kernels }: Pick<Engine, "kernels">, [upstream, ...rest]: tf.Tensor[]): tf.Tensor[] =>
    tf.tidy(() => {
      const y = (...inputs: tf.Tensor[]) => normalize(kernels, [...inputs, ...rest.slice(3)], activation);
      return valueAndGradients(y, rest.slice(0, 3), upstream!);
    });
}

/** Mean and variance that training-mode normalisation reports. */
function statistics({ kernels }: Pick<Engine, "kernels">, [_, x, scale, offset]: tf.Tensor[]): tf.Tensor[] {
  return tf.tidy(() => {
    const options = { epsilon: 1e-3, activation: "relu" } as const;
    const { mean, variance } = kernels.batchNormalization(
      ...[x as tf.Tensor4D, scale as tf.Tensor1D, offset as tf.Tensor1D] as const,
      options,
    );
    return [mean, variance];
  });
}

/** The gradient of y, x, scale, offset, and statistics for evaluation. Where y is nearly 0 its gradient is 0: engines round
 *  differently, and ReLU's gradient jumps there. */
async function normalizationInputs(normalize: Normalize, shape: number[], seed: number): Promise<Values[]> {
  const vector = (i: number, low = -1) => noise([shape.at(-1)!], seed + i, low, 1);
  const rest = [noise(shape, seed + 1, 1, 3), vector(2), vector(3), vector(4), vector(5, 0.1)];
  const [y] = await on("cpu", rest, (_, inputs) => [tf.tidy(() => normalize(composed, inputs, "none"))]);
  const upstream = noise(shape, seed);
  y!.values.forEach((value, i) => upstream.values[i] = Math.abs(value) < 1e-4 ? 0 : upstream.values[i]!);
  return [upstream, ...rest];
}

for (const { name, precision, ignore } of variants) {
  const test = (does: string, fn: () => Promise<void>) =>
    Deno.test({ name: `${name} ${precision} ${does}`, ignore, fn });
  const onVariant: typeof on = (engine, inputs, compute) => on(engine, inputs, compute, { precision });

  for (const [called, normalize] of [["batchNormalization", inTraining], ["normalization", inEvaluation]] as const) {
    test(`${called} and its gradients equal plain ops, with ReLU and without`, async () => {
      const property = fc.asyncProperty(images, activations, fc.nat(), async (image, activation, seed) => {
        const { batch, height, width, channels } = image;
        fc.pre(batch * height * width >= 12); // of fewer values training's gradient is mostly rounding
        const inputs = await normalizationInputs(normalize, [batch, height, width, channels], seed);
        const compute = normalization(normalize, activation);
        const expected = await on("cpu", inputs, (_, tensors) => compute({ kernels: composed }, tensors));
        assertClose(await onVariant(name, inputs, compute), expected);
      });
      await fc.assert(property, properties);
    });
  }

  test("normalization and batchNormalization of many rows and channels equal plain ops", async () => {
    for (const normalize of [inTraining, inEvaluation]) {
      const inputs = await normalizationInputs(normalize, [3, 16, 16, 67], 7);
      const compute = normalization(normalize, "relu");
      const expected = await on("cpu", inputs, (_, tensors) => compute({ kernels: composed }, tensors));
      assertClose(await onVariant(name, inputs, compute), expected);
    }
  });

  test("batchNormalization reports the mean and the biased variance", async () => {
    const property = fc.asyncProperty(images, fc.nat(), async ({ batch, height, width, channels }, seed) => {
      const inputs = await normalizationInputs(inTraining, [batch, height, width, channels], seed);
      const expected = await on("cpu", inputs, (_, tensors) => statistics({ kernels: composed }, tensors));
      const [mean, variance] = await onVariant(name, inputs, statistics);
      assertClose([mean!], [expected[0]!]);
      const far = { shape: [channels], values: variance!.values.map((v, i) => 1 + v - expected[1]!.values[i]!) };
      assertClose([far], [{ shape: [channels], values: new Float32Array(channels).fill(1) }]); // next to the values' size
    });
    await fc.assert(property, properties);
  });

  test("batchSum and its gradient equal tf.sum's", async () => {
    const property = fc.asyncProperty(fc.integer({ min: 1, max: 40 }), fc.nat(), async (count, seed) => {
      const inputs = [noise([], seed), noise([count], seed + 1, 0.5, 2)];
      const compute = (sum: Kernels["batchSum"]) => ([upstream, ...values]: tf.Tensor[]) =>
        valueAndGradients((values) => sum(values as tf.Tensor1D), values, upstream!);
      const expected = await on("cpu", inputs, (_, tensors) => compute((values) => tf.sum(values))(tensors));
      assertClose(
        await onVariant(name, inputs, ({ kernels }, tensors) => compute(kernels.batchSum)(tensors)),
        expected,
      );
    });
    await fc.assert(property, properties);
  });

  test("crossEntropy and its gradient equal plain ops for any number of classes", async () => {
    const shape = fc.record({ batch: small, classes: fc.integer({ min: 2, max: 20 }), seed: fc.nat() });
    const property = fc.asyncProperty(shape, async ({ batch, classes, seed }) => {
      const inputs = [noise([batch], seed, 0.5, 1), noise([batch, classes], seed + 1)];
      const labels = Array.from({ length: batch }, (_, i) => (i * 7 + seed) % classes);
      const compute = (loss: Kernels["crossEntropy"]) => ([upstream, ...logits]: tf.Tensor[]) =>
        tf.tidy(() => {
          const y = tf.tensor1d(labels, "int32");
          return valueAndGradients((logits) => loss(logits as tf.Tensor2D, y), logits, upstream!);
        });
      const expected = await on("cpu", inputs, (_, tensors) => compute(crossEntropy)(tensors));
      const actual = await onVariant(name, inputs, ({ kernels }, tensors) => compute(kernels.crossEntropy)(tensors));
      assertClose(actual, expected);
    });
    await fc.assert(property, properties);
  });

  test("linfStep equals plain ops at any size, from starts outside the box too", async () => {
    const property = fc.asyncProperty(images, fc.nat(), async ({ batch, height, width, channels }, seed) => {
      const shape = [batch, height, width, channels % 4 + 1];
      const inputs = [noise(shape, seed, 0, 1), noise(shape, seed + 1, -0.3, 0.3), noise(shape, seed + 2)];
      inputs[2]!.values.fill(0, 0, 1);
      const compute = (step: Kernels["linfStep"]) => ([x, eta, gradient]: tf.Tensor[]) => [
        step({
          x: x as tf.Tensor4D,
          eta: eta as tf.Tensor4D,
          gradient: gradient as tf.Tensor4D,
          epsilon: 8 / 255,
          stepSize: 0.01,
        }),
      ];
      const expected = await on("cpu", inputs, (_, tensors) => compute(linfStep)(tensors));
      assertClose(
        await onVariant(name, inputs, ({ kernels }, tensors) => compute(kernels.linfStep)(tensors)),
        expected,
      );
    });
    await fc.assert(property, properties);
  });

  const sizes = fc.record({ size: fc.integer({ min: 1, max: 70 }), seed: fc.nat(), first: fc.boolean() });

  test("sgdStep equals plain ops, with and without a velocity", async () => {
    const momenta = fc.constantFrom(0, 0.9), decays = fc.constantFrom(0, 5e-4);
    const property = fc.asyncProperty(sizes, momenta, decays, async ({ size, seed, first }, momentum, weightDecay) => {
      const inputs = [0, 1, 2].map((i) => noise([size], seed + i));
      const compute = (step: Kernels["sgdStep"]) => ([weight, gradient, v]: tf.Tensor[]) => {
        const velocity = first || momentum === 0 ? null : v!;
        const options = { learningRate: 0.1, momentum, weightDecay };
        const next = step({ weight: weight!, gradient: gradient!, velocity, ...options });
        assert.equal(next.velocity === null, momentum === 0);
        return [next.weight, ...(next.velocity === null ? [] : [next.velocity])];
      };
      const expected = await on("cpu", inputs, (_, tensors) => compute(sgdStep)(tensors));
      assertClose(await onVariant(name, inputs, ({ kernels }, tensors) => compute(kernels.sgdStep)(tensors)), expected);
    });
    await fc.assert(property, properties);
  });

  test("adamStep equals plain ops, at the first step and later", async () => {
    const property = fc.asyncProperty(sizes, fc.constantFrom(0, 5e-4), async ({ size, seed, first }, weightDecay) => {
      const inputs = [0, 1, 2].map((i) => noise([size], seed + i));
      inputs.push(noise([size], seed + 3, 0, 1));
      const compute = (step: Kernels["adamStep"]) => ([weight, gradient, m, v]: tf.Tensor[]) => {
        const [mean, square] = first ? [null, null] : [m!, v!];
        const rates = { stepSize: 0.02, rootCorrection: 0.04, weightDecay };
        const next = step({ weight: weight!, gradient: gradient!, mean, square, ...rates });
        return [next.weight, next.mean, next.square];
      };
      const expected = await on("cpu", inputs, (_, tensors) => compute(adamStep)(tensors));
      assertClose(
        await onVariant(name, inputs, ({ kernels }, tensors) => compute(kernels.adamStep)(tensors)),
        expected,
      );
    });
    await fc.assert(property, properties);
  });
}

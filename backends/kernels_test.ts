/** Every engine's kernels against plain tfjs ops on the cpu backend, which share nothing with them but tfjs. */

import assert from "node:assert/strict";
import fc from "fast-check";
import * as tf from "@tensorflow/tfjs";
import { tfjsPadding } from "./composed_kernels.ts";
import type { Activation, ConvolutionOptions } from "./engine.ts";
import { assertClose, noise, on, properties, valueAndGradients, type Values } from "./testing/compare.ts";
import { variants } from "./testing/variants.ts";

const extent = fc.integer({ min: 1, max: 9 });
const side = fc.integer({ min: 0, max: 2 });
const activation = fc.constantFrom<Activation>("none", "relu");
const smallCase = fc.record({
  batch: fc.integer({ min: 1, max: 5 }),
  height: extent,
  width: extent,
  input: extent,
  output: extent,
  kernel: fc.constantFrom(1, 3, 5),
  stride: fc.constantFrom(1, 2, 3),
  padding: fc.record({ top: side, bottom: side, left: side, right: side }),
  activation,
  biased: fc.boolean(),
  seed: fc.nat(),
}).filter(({ height, width, kernel, padding }) =>
  height + padding.top + padding.bottom >= kernel && width + padding.left + padding.right >= kernel
);

type ConvolutionCase = typeof smallCase extends fc.Arbitrary<infer Case> ? Case : never;

/** A filter of one tap whose output is wider than its input, so that it is no matrix product. */
const paddedPointwise: ConvolutionCase = {
  ...{ batch: 2, height: 4, width: 4, input: 8, output: 8, kernel: 1, stride: 1, seed: 5 },
  ...{ padding: { top: 0, bottom: 0, left: 0, right: 1 }, activation: "none", biased: true },
};

/** Shapes as residual networks and SmallCNN have them, few and small enough for the cpu backend. */
const realCase = fc.record({
  batch: fc.integer({ min: 1, max: 2 }),
  height: fc.integer({ min: 4, max: 12 }),
  width: fc.integer({ min: 4, max: 12 }),
  input: fc.constantFrom(16, 20, 32, 64),
  output: fc.constantFrom(16, 24, 32, 64),
  kernel: fc.constantFrom(1, 3, 3, 3),
  stride: fc.constantFrom(1, 1, 2, 3),
  padding: fc.record({ top: side, bottom: side, left: side, right: side }),
  activation,
  biased: fc.boolean(),
  seed: fc.nat(),
});

function plainConvolution(
  x: tf.Tensor,
  filter: tf.Tensor,
  bias: tf.Tensor | undefined,
  { stride, padding, activation }: ConvolutionOptions,
) {
  return plainActivation(
    tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, stride, tfjsPadding(padding)),
    bias,
    activation,
  );
}

function plainActivation(sum: tf.Tensor, bias: tf.Tensor | undefined, activation: Activation): tf.Tensor {
  const biased = bias === undefined ? sum : tf.add(sum, bias);
  return activation === "relu" ? tf.relu(biased) : biased;
}

/** The value's gradient, the images, the filter, and the bias where there is one. */
function convolutionInputs(
  { batch, height, width, input, output, kernel, stride, padding, biased, seed }: ConvolutionCase,
) {
  const out = (size: number, pad: number) => Math.floor((size + pad - kernel) / stride) + 1;
  const rows = out(height, padding.top + padding.bottom), columns = out(width, padding.left + padding.right);
  return [
    noise([batch, rows, columns, output], seed),
    noise([batch, height, width, input], seed + 1),
    noise([kernel, kernel, input, output], seed + 2),
    ...(biased ? [noise([output], seed + 3)] : []),
  ];
}

for (const { name, precision, ignore } of variants) {
  const test = (does: string, fn: () => Promise<void>) =>
    Deno.test({ name: `${name} ${precision} ${does}`, ignore, fn });
  const onVariant = (inputs: readonly Values[], compute: Parameters<typeof on>[2]) =>
    on(name, inputs, compute, { precision });

  const checkConvolution = (
    shapes: fc.Arbitrary<ConvolutionCase>,
    runs: number,
    examples: [ConvolutionCase][] = [],
  ) => {
    const property = fc.asyncProperty(shapes, async (c) => {
      const inputs = convolutionInputs(c);
      const expected = await on(
        "cpu",
        inputs,
        (_, [upstream, ...rest]) =>
          valueAndGradients((x, filter, bias) => plainConvolution(x!, filter!, bias, c), rest, upstream!),
      );
      const actual = await onVariant(inputs, ({ kernels }, [upstream, ...rest]) =>
        valueAndGradients(
          (x, filter, bias) =>
            kernels.convolution(x as tf.Tensor4D, filter as tf.Tensor4D, (bias ?? null) as tf.Tensor1D | null, c),
          rest,
          upstream!,
        ));
      assertClose(actual, expected);
    });
    return fc.assert(property, { ...properties, numRuns: runs, examples });
  };

  test("convolution and its gradients equal plain ops", () =>
    checkConvolution(smallCase, properties.numRuns, [[paddedPointwise]]));

  test("convolution and its gradients equal plain ops at the shapes of real networks", () =>
    checkConvolution(realCase, 16));

  test("dense and its gradients equal plain ops", async () => {
    const shape = fc.record({
      batch: extent,
      input: extent,
      output: extent,
      activation,
      biased: fc.boolean(),
      seed: fc.nat(),
    });
    const property = fc.asyncProperty(shape, async ({ batch, input, output, activation, biased, seed }) => {
      const inputs = [
        noise([batch, output], seed),
        noise([batch, input], seed + 1),
        noise([input, output], seed + 2),
        ...(biased ? [noise([output], seed + 3)] : []),
      ];
      const expected = await on(
        "cpu",
        inputs,
        (_, [upstream, ...rest]) =>
          valueAndGradients(
            (x, kernel, bias) => plainActivation(tf.matMul(x!, kernel!), bias, activation),
            rest,
            upstream!,
          ),
      );
      const actual = await onVariant(inputs, ({ kernels }, [upstream, ...rest]) =>
        valueAndGradients(
          (x, kernel, bias) =>
            kernels.dense(x as tf.Tensor2D, kernel as tf.Tensor2D, (bias ?? null) as tf.Tensor1D | null, activation),
          rest,
          upstream!,
        ));
      assertClose(actual, expected);
    });
    await fc.assert(property, properties);
  });

  test("maxPool sends the gradient to the first maximum of each cell, ties included", async () => {
    const shape = fc.record({
      batch: extent,
      height: fc.integer({ min: 2, max: 9 }),
      width: fc.integer({ min: 2, max: 9 }),
      channels: extent,
      seed: fc.nat(),
    });
    const property = fc.asyncProperty(shape, async ({ batch, height, width, channels, seed }) => {
      const coarse = noise([batch, height, width, channels], seed, 0, 3);
      const x = { shape: coarse.shape, values: coarse.values.map(Math.floor) }; // three values, so ties are common
      const upstream = noise([batch, height >> 1, width >> 1, channels], seed + 1);
      const actual = await onVariant(
        [upstream, x],
        ({ kernels }, [upstream, ...rest]) =>
          valueAndGradients((x) => kernels.maxPool(x as tf.Tensor4D), rest, upstream!),
      );
      assertClose(actual, poolByHand(x, upstream));
    });
    await fc.assert(property, properties);
  });

  test("crossEntropy and its gradient equal log-sum-exp in float64, and survive large logits", async () => {
    const logits = noise([6, 10], 3, -8, 8);
    logits.values.set([1e4, -1e4, 30], 20); // the third example
    const labels = [0, 9, 1, 4, 4, 7];
    const upstream = noise([6], 4);
    const actual = await onVariant(
      [upstream, logits],
      ({ kernels }, [upstream, ...rest]) =>
        tf.tidy(() =>
          valueAndGradients(
            (logits) => kernels.crossEntropy(logits as tf.Tensor2D, tf.tensor1d(labels, "int32")),
            rest,
            upstream!,
          )
        ),
    );
    const value = new Float32Array(6);
    const gradient = new Float32Array(60);
    labels.forEach((label, i) => {
      const row = Array.from(logits.values.subarray(10 * i, 10 * i + 10));
      const top = Math.max(...row);
      const total = row.reduce((sum, logit) => sum + Math.exp(logit - top), 0);
      value[i] = top + Math.log(total) - row[label]!;
      row.forEach((logit, j) => {
        gradient[10 * i + j] = upstream.values[i]! * (Math.exp(logit - top) / total - Number(j === label));
      });
    });
    assertClose(actual, [{ shape: [6], values: value }, { shape: [6, 10], values: gradient }]);
  });
}

Deno.test("wasm crossEntropy keeps the gradient of a confidently right example", async () => {
  const inputs = [noise([1], 1, 1, 1), { shape: [1, 3], values: Float32Array.of(20, 0, 0) }];
  const [, gradient] = await on("wasm", inputs, ({ kernels }, [upstream, ...rest]) =>
    tf.tidy(() =>
      valueAndGradients(
        (logits) => kernels.crossEntropy(logits as tf.Tensor2D, tf.tensor1d([0], "int32")),
        rest,
        upstream!,
      )
    ));
  const other = Math.exp(-20) / (1 + 2 * Math.exp(-20));
  assertClose([gradient!], [{ shape: [1, 3], values: Float32Array.of(-2 * other, other, other) }]);
});

Deno.test("the wasm engine gives the same bits each time", async () => {
  const inputs = [noise([5, 9, 9, 7], 1), noise([3, 3, 7, 6], 2)];
  const options = { stride: 2, padding: { top: 1, bottom: 1, left: 1, right: 1 }, activation: "relu" } as const;
  const run = () =>
    on("wasm", [noise([5, 5, 5, 6], 3), ...inputs], ({ kernels }, [upstream, ...rest]) =>
      valueAndGradients(
        (x, filter) => kernels.convolution(x as tf.Tensor4D, filter as tf.Tensor4D, null, options),
        rest,
        upstream!,
      ));
  assert.deepEqual(await run(), await run());
});

/** 2x2 max pooling and its gradient, element by element. */
function poolByHand(x: Values, upstream: Values): Values[] {
  const [batch, height, width, channels] = x.shape as [number, number, number, number];
  const pooled = new Float32Array(upstream.values.length);
  const gradient = new Float32Array(x.values.length);
  let cell = 0;
  for (let image = 0; image < batch; image++) {
    for (let row = 0; row + 1 < height; row += 2) {
      for (let column = 0; column + 1 < width; column += 2) {
        for (let c = 0; c < channels; c++, cell++) {
          const places = [[0, 0], [0, 1], [1, 0], [1, 1]].map(([i, j]) =>
            ((image * height + row + i!) * width + column + j!) * channels + c
          );
          const values = places.map((place) => x.values[place]!);
          pooled[cell] = Math.max(...values);
          gradient[places[values.indexOf(Math.max(...values))]!] = upstream.values[cell]!;
        }
      }
    }
  }
  return [{ shape: upstream.shape, values: pooled }, { shape: x.shape, values: gradient }];
}

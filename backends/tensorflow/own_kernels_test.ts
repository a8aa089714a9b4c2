/** What only the tensorflow engine has: two kernel tables, an inner loop in C++, and its precisions. */

import assert from "node:assert/strict";
import fc from "fast-check";
import * as tf from "@tensorflow/tfjs";
import type { EngineName, FirstLayer, InnerLoop } from "../engine.ts";
import { tensorflowEngine } from "../tensorflow.ts";
import { assertClose, noise, on, properties, valueAndGradients, type Values } from "../testing/compare.ts";
import { tryBuild } from "./setup/try_build.ts";
import { setupOfProcess } from "./setup_record.ts";

const setup = await setupOfProcess();
const ignored = setup.ready ? "" : ` (ignored: ${setup.reason})`;
const test = (name: string, fn: () => Promise<void>) =>
  Deno.test({ name: `${name}${ignored}`, ignore: !setup.ready, fn });

function loopOf([x, eta, p, filter, bias]: tf.Tensor[], firstLayer: Omit<FirstLayer, "filter" | "bias">): InnerLoop {
  return {
    firstLayer: { ...firstLayer, filter: filter as tf.Tensor4D, bias: (bias ?? null) as tf.Tensor1D | null },
    x: x as tf.Tensor4D,
    eta: eta as tf.Tensor4D,
    p: p as tf.Tensor4D,
    epsilon: 0.2,
    stepSize: 0.03,
    steps: 4,
    update: "sign",
  };
}

test("tensorflow innerLoop in C++ equals the composed one for every image size, filter and padding it takes", async () => {
  const side = fc.integer({ min: 0, max: 2 });
  const shape = fc.record({
    batch: fc.integer({ min: 1, max: 9 }),
    height: fc.integer({ min: 5, max: 20 }),
    width: fc.integer({ min: 5, max: 20 }),
    kernel: fc.constantFrom(3, 5),
    channels: fc.integer({ min: 1, max: 20 }),
    padding: fc.record({ top: side, bottom: side, left: side, right: side }),
    update: fc.constantFrom("sign" as const, "gradient" as const),
    biased: fc.boolean(),
    seed: fc.nat(),
  });
  const property = fc.asyncProperty(
    shape,
    async ({ batch, height, width, kernel, channels, padding, update, biased, seed }) => {
      const rows = height + padding.top + padding.bottom - kernel + 1;
      const columns = width + padding.left + padding.right - kernel + 1;
      const image = noise([batch, height, width, 1], seed, -0.3, 1.3);
      const inputs: Values[] = [
        { shape: image.shape, values: image.values.map((value) => Math.min(1, Math.max(0, value))) },
        noise(image.shape, seed + 1, -0.3, 0.3), // wider than epsilon, and out of the box
        noise([batch, rows, columns, channels], seed + 2),
        noise([kernel, kernel, 1, channels], seed + 3),
        ...(biased ? [noise([channels], seed + 4)] : []),
      ];
      const layer = { stride: 1, padding, activation: "relu" } as const;
      const run = (name: EngineName) =>
        on(name, inputs, ({ kernels }, tensors) => [kernels.innerLoop({ ...loopOf(tensors, layer), update })]);
      const expected = await run("cpu");
      assertClose(await run("tensorflow"), expected);
    },
  );
  await fc.assert(property, { ...properties, numRuns: 30 });
});

test("tensorflow maxPool over whole vectors of channels and the rest sends the gradient to the first maximum", async () => {
  for (const [height, width, channels] of [[8, 6, 16], [5, 7, 37], [4, 9, 64]] as const) {
    const coarse = noise([3, height, width, channels], channels, 0, 3);
    const x = { shape: coarse.shape, values: coarse.values.map(Math.floor) }; // three values, so ties are common
    const upstream = noise([3, height >> 1, width >> 1, channels], 2);
    const run = (name: EngineName) =>
      on(
        name,
        [upstream, x],
        ({ kernels }, [upstream, ...rest]) =>
          valueAndGradients((x) => kernels.maxPool(x as tf.Tensor4D), rest, upstream!),
      );
    assertClose(await run("tensorflow"), await run("cpu"));
  }
});

test("tensorflow crossEntropy keeps the gradient of a confidently right example", async () => {
  const inputs = [noise([1], 1, 1, 1), { shape: [1, 3], values: Float32Array.of(20, 0, 0) }];
  const actual = await on("tensorflow", inputs, ({ kernels }, [upstream, ...rest]) =>
    tf.tidy(() =>
      valueAndGradients(
        (logits) => kernels.crossEntropy(logits as tf.Tensor2D, tf.tensor1d([0], "int32")),
        rest,
        upstream!,
      )
    ));
  const other = Math.exp(-20) / (1 + 2 * Math.exp(-20));
  const value = { shape: [1], values: Float32Array.of(Math.log1p(2 * Math.exp(-20))) };
  assertClose(actual, [value, { shape: [1, 3], values: Float32Array.of(-2 * other, other, other) }]);
});

const around = (top: number, bottom: number, left: number, right: number) => ({ top, bottom, left, right });

/** What each of our ways to convolve takes: Winograd's method, filters over 65,536 numbers, and gradients at a stride. */
const convolutions = [
  { called: "Winograd", size: [9, 8], filter: [3, 3, 64, 80], stride: 1, padding: around(1, 1, 1, 1) },
  { called: "Winograd, no padding", size: [10, 11], filter: [3, 3, 64, 64], stride: 1, padding: around(0, 0, 0, 0) },
  { called: "Winograd, one side", size: [9, 9], filter: [3, 3, 64, 64], stride: 1, padding: around(0, 2, 1, 0) },
  { called: "a large filter", size: [4, 5], filter: [3, 3, 64, 144], stride: 1, padding: around(1, 1, 1, 1) },
  {
    called: "a large filter at stride 2",
    size: [6, 8],
    filter: [3, 3, 64, 128],
    stride: 2,
    padding: around(1, 1, 1, 1),
  },
  { called: "stride 2, no padding", size: [8, 6], filter: [3, 2, 20, 16], stride: 2, padding: around(0, 0, 0, 0) },
  { called: "stride 3 and 5x5", size: [9, 6], filter: [5, 5, 16, 24], stride: 3, padding: around(2, 1, 2, 2) },
  { called: "one pixel at stride 2", size: [6, 6], filter: [1, 1, 64, 128], stride: 2, padding: around(0, 0, 0, 0) },
] as const;

test("tensorflow convolution and its gradients equal plain ops in each way that they are computed", async () => {
  for (const { called, size: [height, width], filter, stride, padding } of convolutions) {
    const rows = Math.floor((height + padding.top + padding.bottom - filter[0]) / stride) + 1;
    const columns = Math.floor((width + padding.left + padding.right - filter[1]) / stride) + 1;
    const shapes = [[3, rows, columns, filter[3]], [3, height, width, filter[2]], [...filter]];
    const inputs = shapes.map((shape, i) => noise(shape, called.length + i));
    const run = (name: EngineName) =>
      on(name, inputs, ({ kernels }, [upstream, ...rest]) =>
        valueAndGradients(
          (x, filter) =>
            kernels.convolution(x as tf.Tensor4D, filter as tf.Tensor4D, null, { stride, padding, activation: "none" }),
          rest,
          upstream!,
        ));
    assertClose(await run("tensorflow"), await run("cpu"));
  }
});

test("tensorflow gives the same bits each time", async () => {
  const inputs = [noise([40, 8, 8, 32], 3), noise([40, 10, 10, 16], 1), noise([3, 3, 16, 32], 2), noise([32], 4)];
  const padding = { top: 0, bottom: 0, left: 0, right: 0 };
  const run = () =>
    on("tensorflow", inputs, ({ kernels }, [upstream, ...rest]) =>
      valueAndGradients(
        (x, filter, bias) =>
          kernels.convolution(x as tf.Tensor4D, filter as tf.Tensor4D, bias as tf.Tensor1D, {
            stride: 1,
            padding,
            activation: "relu",
          }),
        rest,
        upstream!,
      ));
  assert.deepEqual(await run(), await run());
});

test("tensorflow with and without our own operations has the cpu engine's gradients", async () => {
  if (!setup.ready) return;
  for (const ownOperations of [false, setup.record.ownOperations]) {
    const { error, precision } = await tryBuild(setup.binding, ownOperations);
    assert.ok(error < 1e-4);
    assert.equal(precision, "f32");
  }
});

test("tensorflow refuses a precision that its products have not", async () => {
  await assert.rejects(tensorflowEngine.open({ precision: "bf16" }), {
    message: /^Cannot use precision bf16: products came out in float32 on this processor /,
  });
});

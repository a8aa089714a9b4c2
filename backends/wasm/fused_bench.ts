/** Times of the wasm engine's fused kernels at the sizes of SmallCNN with a batch of 256 and of a residual block with 64
 *  images of 32x32x64: `deno bench --no-prompt --allow-read backends/wasm/fused_bench.ts`. @module */

import * as tf from "@tensorflow/tfjs";
import type { Kernels } from "../engine.ts";
import { noise } from "../testing/compare.ts";
import { wasmEngine } from "../wasm.ts";
import { batchColumnSums } from "./column_sums.ts";

const PRECISIONS = ["f32", "f32-fma"] as const;

/** Times `work` in both variants. Its inputs are made on the first call and stay; its outputs are disposed each time. */
function measure<Inputs>(name: string, prepare: () => Inputs, work: (inputs: Inputs, kernels: Kernels) => void): void {
  let inputs: Inputs | undefined;
  for (const precision of PRECISIONS) {
    Deno.bench({ name: `${name}, ${precision}`, n: 9, warmup: 2 }, async (bench) => {
      const { kernels } = await wasmEngine.open({ precision });
      inputs ??= prepare();
      const ready = inputs;
      tf.tidy(() => {
        bench.start();
        work(ready, kernels);
        bench.end();
      });
    });
  }
}

function values(shape: number[], low = -1, high = 1): tf.Tensor {
  const { values } = noise(shape, 7, low, high);
  return tf.tensor(values, shape);
}

const images = (batch: number) => ({
  x: values([batch, 28, 28, 1], 0, 1) as tf.Tensor4D,
  eta: values([batch, 28, 28, 1], -0.3, 0.3) as tf.Tensor4D,
});

function firstLayer(activation: "relu" | "none") {
  return {
    filter: values([3, 3, 1, 32]) as tf.Tensor4D,
    bias: values([32]) as tf.Tensor1D,
    stride: 1,
    padding: { top: 0, bottom: 0, left: 0, right: 0 },
    activation,
  };
}

for (const activation of ["relu", "none"] as const) {
  measure(
    `innerLoop, 10 steps, 256 of 28x28x1, 32 filters, activation ${activation}`,
    () => ({ ...images(256), p: values([256, 26, 26, 32]) as tf.Tensor4D, firstLayer: firstLayer(activation) }),
    (loop, kernels) => kernels.innerLoop({ ...loop, epsilon: 0.3, stepSize: 0.01, steps: 10, update: "sign" }),
  );
}

measure(
  "batchNormalization, 64x32x32x64",
  () => [values([64, 32, 32, 64]), values([64]), values([64])] as const,
  ([x, scale, offset], kernels) =>
    kernels.batchNormalization(x as tf.Tensor4D, scale as tf.Tensor1D, offset as tf.Tensor1D, {
      epsilon: 1e-5,
      activation: "none",
    }),
);

measure(
  "batchNormalization and its gradient, 64x32x32x64",
  () => [values([64, 32, 32, 64]), values([64]), values([64]), values([64, 32, 32, 64])] as const,
  ([x, scale, offset, upstream], kernels) =>
    tf.valueAndGrads((x, scale, offset) =>
      kernels.batchNormalization(x as tf.Tensor4D, scale as tf.Tensor1D, offset as tf.Tensor1D, {
        epsilon: 1e-5,
        activation: "none",
      }).y as tf.Tensor
    )([x, scale, offset], upstream),
);

measure(
  "for comparison: convolution 3x3 64>64 and its gradients, 64x32x32x64",
  () => [values([64, 32, 32, 64]), values([3, 3, 64, 64]), values([64, 32, 32, 64])] as const,
  ([x, filter, upstream], kernels) =>
    tf.valueAndGrads((x, filter): tf.Tensor =>
      kernels.convolution(x as tf.Tensor4D, filter as tf.Tensor4D, null, {
        stride: 1,
        padding: { top: 1, bottom: 1, left: 1, right: 1 },
        activation: "none",
      })
    )([x, filter], upstream),
);

measure(
  "maxPool, 256x24x24x32",
  () => values([256, 24, 24, 32]) as tf.Tensor4D,
  (x, kernels) => kernels.maxPool(x),
);

measure(
  "maxPool and its gradient, 256x24x24x32",
  () => [values([256, 24, 24, 32]), values([256, 12, 12, 32])] as const,
  ([x, upstream], kernels) => tf.valueAndGrad((x): tf.Tensor => kernels.maxPool(x as tf.Tensor4D))(x, upstream),
);

measure("batchColumnSums, 256x26x26x32", () => values([256, 26, 26, 32]), (x) => batchColumnSums(x));

measure(
  "crossEntropy, its gradient and sum, 256 of 10 classes",
  () => [values([256, 10], -9, 9), tf.tensor1d(Array.from({ length: 256 }, (_, i) => i % 10), "int32")] as const,
  ([logits, labels], kernels) =>
    tf.valueAndGrad((logits) => kernels.batchSum(kernels.crossEntropy(logits as tf.Tensor2D, labels)))(logits),
);

measure(
  "linfStep, 256x28x28x1",
  () => ({ ...images(256), gradient: values([256, 28, 28, 1]) as tf.Tensor4D }),
  (step, kernels) => kernels.linfStep({ ...step, epsilon: 0.3, stepSize: 0.01 }),
);

const parameters = () =>
  [0, 1, 2, 3].map(() => values([312202], 0.01, 1)) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];

measure(
  "sgdStep, 312,202 weights",
  parameters,
  ([weight, gradient, velocity], kernels) =>
    kernels.sgdStep({ weight, gradient, velocity, learningRate: 0.1, momentum: 0.9, weightDecay: 5e-4 }),
);

measure(
  "adamStep, 312,202 weights",
  parameters,
  ([weight, gradient, mean, square], kernels) =>
    kernels.adamStep({ weight, gradient, mean, square, stepSize: 0.1, rootCorrection: 0.5, weightDecay: 0 }),
);

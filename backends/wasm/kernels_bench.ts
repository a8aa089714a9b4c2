/** Times of the wasm engine's convolutions and dense layers at the sizes of SmallCNN with a batch of 128 and of residual
 *  networks with 16 images: `deno bench --no-prompt --allow-read backends/wasm/kernels_bench.ts`. A name gives the products
 *  and sums of the textbook formula in 10⁹ operations: divided by the time they are the speed. @module */

import * as tf from "@tensorflow/tfjs";
import type { ConvolutionOptions, Kernels } from "../engine.ts";
import { noise } from "../testing/compare.ts";
import { wasmEngine } from "../wasm.ts";

const PRECISIONS = ["f32", "f32-fma"] as const;
const SMALL_CNN_BATCH = 128;
const RESIDUAL_BATCH = 16;

function values(shape: number[]): tf.Tensor {
  return tf.tensor(noise(shape, 7).values, shape);
}

interface Tensors {
  readonly x: tf.Tensor;
  readonly parameters: tf.Tensor;
}

/** A layer as a function of its input and its filter or kernel. */
type Layer = (kernels: Kernels, x: tf.Tensor, parameters: tf.Tensor) => tf.Tensor;

/** Benchmarks of a layer's value and of its two gradients, in both precisions. Tensors are made at first use and stay. */
function measure(name: string, xShape: number[], parametersShape: number[], operations: number, layer: Layer): void {
  let tensors: Tensors | undefined;
  for (const precision of PRECISIONS) {
    const bench = (part: string, timed: (kernels: Kernels, tensors: Tensors, start: () => void) => void) => {
      const label = `${name}, ${part}, ${(operations / 1e9).toPrecision(3)} G, ${precision}`;
      Deno.bench({ name: label, n: 9, warmup: 2 }, async (context) => {
        const { kernels } = await wasmEngine.open({ precision });
        tensors ??= { x: values(xShape), parameters: values(parametersShape) };
        const ready = tensors;
        tf.engine().startScope();
        timed(kernels, ready, () => context.start());
        context.end();
        tf.engine().endScope();
      });
    };
    bench("forward", (kernels, { x, parameters }, start) => {
      start();
      layer(kernels, x, parameters);
    });
    bench("input gradient", (kernels, { x, parameters }, start) => {
      backward((x) => startsBackward(layer(kernels, x, parameters), start), x);
    });
    bench("parameter gradient", (kernels, { x, parameters }, start) => {
      backward((parameters) => startsBackward(layer(kernels, x, parameters), start), parameters);
    });
  }
}

/** The gradient of a function's sum. */
function backward(compute: (x: tf.Tensor) => tf.Tensor, x: tf.Tensor): void {
  tf.grad(compute)(x);
}

/** `y`, whose gradient calls `start` before it goes on. */
function startsBackward(y: tf.Tensor, start: () => void): tf.Tensor {
  return tf.customGrad((y) => ({
    value: (y as tf.Tensor).clone(),
    gradFunc: (dy: tf.Tensor) => {
      start();
      return dy;
    },
  }))(y);
}

function measureConvolution(batch: number, size: number, input: number, output: number, stride: number, pad: number) {
  const side = Math.floor((size + 2 * pad - 3) / stride) + 1;
  const options: ConvolutionOptions = {
    stride,
    padding: { top: pad, bottom: pad, left: pad, right: pad },
    activation: "none",
  };
  measure(
    `3x3 convolution of ${batch} of ${size}x${size}x${input} to ${side}x${side}x${output}`,
    [batch, size, size, input],
    [3, 3, input, output],
    2 * batch * side * side * 9 * input * output,
    (kernels, x, filter) => kernels.convolution(x as tf.Tensor4D, filter as tf.Tensor4D, null, options),
  );
}

function measureDense(input: number, output: number): void {
  measure(
    `dense layer of ${SMALL_CNN_BATCH} of ${input} to ${output}`,
    [SMALL_CNN_BATCH, input],
    [input, output],
    2 * SMALL_CNN_BATCH * input * output,
    (kernels, x, kernel) => kernels.dense(x as tf.Tensor2D, kernel as tf.Tensor2D, null, "none"),
  );
}

measureConvolution(SMALL_CNN_BATCH, 28, 1, 32, 1, 0);
measureConvolution(SMALL_CNN_BATCH, 26, 32, 32, 1, 0);
measureConvolution(SMALL_CNN_BATCH, 12, 32, 64, 1, 0);
measureConvolution(SMALL_CNN_BATCH, 10, 64, 64, 1, 0);
measureDense(1024, 200);
measureDense(200, 200);
measureConvolution(RESIDUAL_BATCH, 32, 3, 64, 1, 1);
measureConvolution(RESIDUAL_BATCH, 32, 64, 64, 1, 1);
measureConvolution(RESIDUAL_BATCH, 32, 64, 128, 2, 1);
measureConvolution(RESIDUAL_BATCH, 8, 256, 256, 1, 1);
measureConvolution(RESIDUAL_BATCH, 4, 512, 512, 1, 1);

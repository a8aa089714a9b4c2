/** What a user of tfjs's wasm backend gets without this program: the same natural training step, timed. Prints one JSON
 *  line that `cost --vs FILE` reads:
 *
 *      deno task stock-wasm 256 3 > stock.jsonl        batch, timed steps
 *
 *  tfjs's wasm backend has no kernel for a convolution's filter gradient; users compose it, as here, from a convolution of
 *  the transposed images. @module */

import * as tf from "@tensorflow/tfjs";
import { version_wasm } from "@tensorflow/tfjs-backend-wasm";
import { allReduceTensors } from "../../backends/all_reduce.ts";
import { composedKernels } from "../../backends/composed_kernels.ts";
import type { Engine } from "../../backends/engine.ts";
import { soloTeam } from "../../backends/team.ts";
import { spreadOf } from "../../statistics/spread.ts";
import { costConfig } from "../cost_config.ts";
import { madeUpBatch, trainBatch } from "../train_step.ts";
import { createTrainer } from "../trainer.ts";

interface FilterGradientAttributes {
  readonly strides: number | [number, number];
  readonly pad: "valid" | [[number, number], [number, number], [number, number], [number, number]];
  readonly filterShape: [number, number, number, number];
}

/** conv2d(xᵀ, dyᵀ), images as channels, the stride as dilation. */
function filterGradient(x: tf.Tensor4D, dy: tf.Tensor4D, attributes: FilterGradientAttributes): tf.Tensor4D {
  const { strides, pad, filterShape } = attributes;
  return tf.tidy(() => {
    const images = tf.transpose(x, [3, 1, 2, 0]), upstream = tf.transpose(dy, [1, 2, 0, 3]);
    const dilation = Array.isArray(strides) ? strides[0] : strides;
    const gradient = tf.conv2d(images, upstream, 1, pad, "NHWC", dilation);
    return tf.slice4d(tf.transpose(gradient, [1, 2, 0, 3]), [0, 0, 0, 0], filterShape);
  });
}

async function openStock(): Promise<Engine> {
  tf.enableProdMode();
  await tf.setBackend("wasm");
  tf.registerKernel({
    kernelName: "Conv2DBackpropFilter",
    backendName: "wasm",
    kernelFunc: ({ inputs, attrs }) =>
      filterGradient(inputs.x as tf.Tensor4D, inputs.dy as tf.Tensor4D, attrs as unknown as FilterGradientAttributes),
  });
  const team = soloTeam(1);
  return {
    name: "wasm",
    version: version_wasm,
    kernelSet: "stock",
    precision: "f32",
    team,
    kernels: composedKernels(),
    allReduce: (partials) => allReduceTensors(team, partials),
    synchronize: () => Promise.resolve(),
    memory: () => ({ tensors: tf.memory().numTensors, bytes: tf.memory().numBytes }),
    settings: {},
  };
}

const [batch = 256, steps = 3] = Deno.args.map(Number);
const model = "small-cnn", method = "natural", threat = { norm: "linf", epsilon: 0.3 } as const;
const named = { model: { name: model, options: {} }, method: { name: method, options: {} } };
const trainer = createTrainer(await openStock(), costConfig({ ...named, threat, batch, steps }));
const seconds: number[] = [];
for (let step = 0; step <= steps; step++) {
  const made = madeUpBatch(trainer, step), began = performance.now();
  await trainBatch(trainer, made, { epoch: 0, step, stepsPerEpoch: steps, totalSteps: steps + 1 });
  if (step > 0) seconds.push((performance.now() - began) / 1000);
}
const { median, min, max } = spreadOf(seconds);
const line = {
  framework: `tfjs-backend-wasm ${version_wasm}, stock`,
  model,
  method,
  batch,
  layout: "nhwc",
  threads: 1,
};
await Deno.stdout.write(
  new TextEncoder().encode(`${JSON.stringify({ ...line, secondsPerStep: { median, min, max } })}\n`),
);

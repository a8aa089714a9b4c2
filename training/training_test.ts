import * as tf from "@tensorflow/tfjs";
import assert from "node:assert/strict";
import { cpuEngine } from "../backends/cpu.ts";
import { findModel } from "../models/registry.ts";
import { toTensors } from "../models/weights.ts";
import { random } from "../random/random.ts";
import { createOptimizer, type OptimizerOptions } from "./create_optimizer.ts";
import { findMethod } from "./registry.ts";

const engine = await cpuEngine.open();

/** 24 images of 6x6, two classes: bright in the left or in the right half, with noise. */
function twoHalves() {
  const stream = random(5, "halves");
  const y = Int32Array.from({ length: 24 }, (_, i) => i % 2);
  const x = Float32Array.from({ length: 24 * 36 }, (_, i) => {
    const right = i % 6 >= 3 ? 1 : 0;
    return 0.5 * stream.uniform() + (right === y[Math.floor(i / 36)] ? 0.5 : 0);
  });
  return {
    x: tf.tensor4d(x, [24, 6, 6, 1]),
    y: tf.tensor1d(y, "int32"),
    ids: Uint32Array.from({ length: 24 }, (_, i) => i),
    batchCount: 24,
    first: 0,
  };
}

/** Mean loss before the last optimizer step of each of 30 batches. */
function train(method: string, optimizer: OptimizerOptions, learningRate: number): number[] {
  const model = findModel("tiny-cnn").create({ height: 6, width: 6, classes: 2 });
  const parameters = toTensors(model.initialize((name) => random(1, name)));
  const shard = twoHalves();
  const rule = createOptimizer(engine.kernels, optimizer);
  const training = findMethod(method, method === "natural" ? {} : { epsilon: 0.1 });
  const state = new Map<string, tf.Tensor>();
  return Array.from({ length: 30 }, (_, step) => {
    let loss = NaN;
    const context = { engine, model, parameters, seed: 0, position: { epoch: 0, step }, state };
    for (const { gradients, lossSum, count } of training.step(context, shard)) {
      loss = lossSum.dataSync()[0]! / count;
      const means = new Map([...gradients].map(([name, sum]) => [name, tf.div(sum, count)]));
      rule.update(parameters, means, learningRate);
    }
    return loss;
  });
}

for (const method of ["natural", "pgd-2", "yopo-2-2", "free-2", "trades-2", "trades-yopo-2-2"]) {
  Deno.test(`${method} training lowers the loss on two easy classes, with sgd and with adam`, () => {
    for (
      const losses of [
        train(method, { kind: "sgd", momentum: 0.9 }, method === "natural" ? 0.05 : 0.025),
        train(method, { kind: "adam" }, 0.02),
      ]
    ) {
      assert.ok(losses.at(-1)! < 0.5 * losses[0]!, losses.map((loss) => loss.toFixed(3)).join(" "));
    }
  });
}

import * as tf from "@tensorflow/tfjs";
import assert from "node:assert/strict";
import { cpuEngine } from "../backends/cpu.ts";
import type { OptionValues } from "../models/options.ts";
import { findModel } from "../models/registry.ts";
import { toTensors } from "../models/weights.ts";
import { random } from "../random/random.ts";
import type { Shard, StepContext } from "./method.ts";
import { findMethod, methods } from "./registry.ts";
import { applyStatistics, disposeResult } from "./running_statistics.ts";

const engine = await cpuEngine.open();
const model = findModel("tiny-bn").create({ height: 6, width: 6, channels: 1, classes: 3 });
const LAYERS = ["bn1", "bn2"];

function makeShard(): Shard {
  const stream = random(2, "images");
  return {
    x: tf.tensor4d(Float32Array.from({ length: 5 * 36 }, () => stream.uniform()), [5, 6, 6, 1]),
    y: tf.tensor1d([0, 1, 2, 0, 1], "int32"),
    ids: Uint32Array.of(0, 1, 2, 3, 4),
    batchCount: 5,
    first: 0,
  };
}

function makeContext(): StepContext & { parameters: Map<string, tf.Tensor> } {
  const parameters = toTensors(model.initialize((name) => random(1, name)));
  return { engine, model, parameters, seed: 3, position: { epoch: 0, step: 0 }, state: new Map() };
}

/** Name, options, training-mode passes through the network in each optimizer step. */
const table: [string, OptionValues, number][] = [
  ["natural", {}, 1],
  ["fgsm", { epsilon: 0.1 }, 1],
  ["fgsm", { epsilon: 0.1, attackMode: "training" }, 2],
  ["fgsm-rs", { epsilon: 0.1 }, 1],
  ["free-3", { epsilon: 0.1 }, 1],
  ["free-3", { epsilon: 0.1, variant: "fast" }, 1],
  ["pgd-2", { epsilon: 0.1, objective: "adversarial + clean" }, 2],
  ["pgd-2", { epsilon: 0.1, attackMode: "training" }, 3],
  ["trades-2", { epsilon: 0.1 }, 2],
  ["trades-2", { epsilon: 0.1, attackMode: "training" }, 5],
  ["trades-yopo-2-3", { epsilon: 0.1 }, 2],
  ["trades-yopo-2-3", { epsilon: 0.1, attackMode: "training" }, 5],
  ["yopo-2-3", { epsilon: 0.1 }, 3],
  ["yopo-2-3", { epsilon: 0.1, variant: "official" }, 3],
  ["yopo-2-3", { epsilon: 0.1, statisticsPass: false }, 2],
  ["yopo-2-3", { epsilon: 0.1, passMode: "evaluation" }, 1],
  ["yopo-2-3", { epsilon: 0.1, passMode: "evaluation", statisticsPass: false }, 0],
];

Deno.test("the table of statistics holds every registered method", () => {
  const tried = new Set(table.map(([name]) => name.replaceAll(/\d+/g, "#")));
  assert.deepEqual([...tried].sort(), methods.map(({ pattern }) => pattern.replaceAll(/[A-Z]/g, "#")).sort());
});

for (const [name, options, updates] of table) {
  const method = findMethod(name, options);

  Deno.test(`${method.label}: ${updates} statistics of each layer a step, pass by pass, and nothing left`, () => {
    const context = makeContext(), shard = makeShard();
    const before = tf.memory().numTensors;
    for (const result of method.step(context, shard)) {
      const layers = Array.from({ length: updates }, () => LAYERS).flat();
      assert.deepEqual(result.statistics.map(({ layer }) => layer), layers);
      assert.deepEqual(result.statistics.map(({ count }) => count), layers.map((layer) => layer === "bn1" ? 180 : 45));
      const values = result.statistics.map(({ mean }) => mean.dataSync().join());
      values.slice(2).forEach((value, i) =>
        assert.notEqual(value, values[i], "one pass has other images than the next")
      );
      const buffers = model.buffers.map(({ name }) => context.parameters.get(name)!.dataSync().join());
      applyStatistics(context.parameters, result, shard);
      const moved = model.buffers.map(({ name }) => context.parameters.get(name)!.dataSync().join());
      moved.forEach((value, i) => assert.equal(value !== buffers[i], updates > 0));
      disposeResult({ ...result, statistics: [] });
    }
    tf.dispose([...context.state.values()]);
    assert.equal(tf.memory().numTensors, before);
    tf.dispose([shard.x, shard.y, ...context.parameters.values()]);
  });

  Deno.test(`${method.label}: disposeResult() frees a step that nobody trains with`, () => {
    const context = makeContext(), shard = makeShard();
    const before = tf.memory().numTensors;
    for (const result of method.step(context, shard)) disposeResult(result);
    tf.dispose([...context.state.values()]);
    assert.equal(tf.memory().numTensors, before);
    tf.dispose([shard.x, shard.y, ...context.parameters.values()]);
  });
}

Deno.test("yopo counts the pass for the statistics as forward only, and only where there are statistics", () => {
  const context = makeContext(), shard = makeShard();
  const [withPass, without] = [true, false].map((statisticsPass) => {
    const [result] = [...findMethod("yopo-2-3", { epsilon: 0.1, statisticsPass }).step(context, shard)];
    const kernel = result!.gradients.get("conv2.kernel")!.dataSync();
    disposeResult(result!);
    return { passes: result!.passes, kernel };
  });
  assert.deepEqual(withPass!.passes, { full: 2, forward: 1, firstLayerAdversary: 6, firstLayerWeights: 2 });
  assert.deepEqual(without!.passes, { ...withPass!.passes, forward: 0 });
  assert.deepEqual(withPass!.kernel, without!.kernel);
  tf.dispose([shard.x, shard.y, ...context.parameters.values()]);
});

import * as tf from "@tensorflow/tfjs";
import assert from "node:assert/strict";
import { cpuEngine } from "../backends/cpu.ts";
import { findModel } from "../models/registry.ts";
import { toTensors } from "../models/weights.ts";
import { random } from "../random/random.ts";
import type { Passes, Shard, StepContext, TrainingMethod } from "./method.ts";
import { findMethod, methods } from "./registry.ts";
import { disposeResult } from "./running_statistics.ts";

const engine = await cpuEngine.open();
const model = findModel("tiny-cnn").create({ height: 6, width: 6, classes: 3, dropout: 0.25 });
const initial = model.initialize((name) => random(1, name));
const COUNT = 8;
const PIXELS = 36;

/** Examples first..last-1 of one fixed set. */
function shard(first = 0, last = COUNT): Shard {
  const stream = random(2, "images");
  const images = Float32Array.from({ length: COUNT * PIXELS }, () => stream.uniform());
  const labels = Int32Array.from({ length: COUNT }, () => stream.integer(3));
  return {
    x: tf.tensor4d(images.slice(first * PIXELS, last * PIXELS), [last - first, 6, 6, 1]),
    y: tf.tensor1d(labels.slice(first, last), "int32"),
    ids: Uint32Array.from({ length: last - first }, (_, i) => 100 + first + i),
    batchCount: last - first,
    first: 0,
  };
}

interface Seen {
  /** Of the last optimizer step. */
  readonly gradients: Map<string, Float32Array>;
  readonly loss: number;
  readonly count: number;
  /** Of each optimizer step. */
  readonly passes: Passes[];
  readonly leaked: number;
}

/** One batch through a method, read back; everything it used is disposed. */
function run(method: TrainingMethod, part: Shard, changes: Partial<StepContext> = {}): Seen {
  const parameters = toTensors(initial);
  const before = tf.memory().numTensors;
  const state = new Map<string, tf.Tensor>();
  const context: StepContext = {
    engine,
    model,
    parameters,
    seed: 3,
    position: { epoch: 0, step: 5 },
    state,
    ...changes,
  };
  const results = [...method.step(context, part)];
  assert.equal(results.length, method.stepsPerBatch);
  const { gradients, lossSum, count } = results.at(-1)!;
  const passes = results.map((result) => result.passes);
  const values = new Map([...gradients].map(([name, value]) => [name, value.dataSync().slice() as Float32Array]));
  const loss = lossSum.dataSync()[0]!;
  results.forEach(disposeResult);
  tf.dispose([...state.values()]);
  const leaked = tf.memory().numTensors - before;
  tf.dispose([...parameters.values(), part.x, part.y]);
  return { gradients: values, loss, count, passes, leaked };
}

const passes = (full: number, adversary = 0, weights = 0, forward = 0): Passes => ({
  full,
  forward,
  firstLayerAdversary: adversary,
  firstLayerWeights: weights,
});

/** Name, options, passes of an optimizer step. */
const table: [string, Record<string, number | string>, Passes][] = [
  ["natural", {}, passes(1)],
  ["fgsm", { epsilon: 0.1 }, passes(2)],
  ["fgsm", { epsilon: 0.1, attackMode: "training" }, passes(2)],
  ["fgsm-rs", { epsilon: 0.1 }, passes(2)],
  ["free-3", { epsilon: 0.1 }, passes(1)],
  ["free-3", { epsilon: 0.1, variant: "fast" }, passes(1)],
  ["pgd-3", { epsilon: 0.1 }, passes(4)],
  ["pgd-3", { epsilon: 0.1, attackMode: "training", start: "zero" }, passes(4)],
  ["pgd-3", { epsilon: 0.1, objective: "adversarial + clean", start: "uniform, unclipped" }, passes(5)],
  ["trades-3", { epsilon: 0.1 }, passes(5, 0, 0, 1)],
  ["trades-3", { epsilon: 0.1, attackMode: "training", beta: 1 }, passes(5, 0, 0, 1)],
  ["trades-yopo-2-3", { epsilon: 0.1 }, passes(4, 6, 0, 1)],
  ["trades-yopo-2-3", { epsilon: 0.1, attackMode: "training" }, passes(4, 6, 0, 1)],
  ["yopo-2-3", { epsilon: 0.1 }, passes(2, 6, 2)],
  ["yopo-2-3", { epsilon: 0.1, passMode: "evaluation" }, passes(2, 6, 2)],
  ["yopo-2-3", { epsilon: 0.1, variant: "official" }, passes(2, 6, 2)],
  ["yopo-2-3", { epsilon: 0.1, variant: "official-torch1" }, passes(2, 6, 2)],
  ["yopo-2-3", { epsilon: 0.1, update: "gradient", stepSize: 1 }, passes(2, 6, 2)],
];

Deno.test("the table of cases holds every registered method", () => {
  const tried = new Set(table.map(([name]) => name.replaceAll(/\d+/g, "#")));
  assert.deepEqual([...tried].sort(), methods.map(({ pattern }) => pattern.replaceAll(/[A-Z]/g, "#")).sort());
});

for (const [name, options, expected] of table) {
  const method = findMethod(name, options);

  Deno.test(`${method.label}: finite gradients for every parameter, documented passes, no tensor left`, () => {
    const { gradients, loss, count, passes, leaked } = run(method, shard());
    assert.deepEqual([...gradients.keys()], model.parameters.map((parameter) => parameter.name));
    for (const { name, shape } of model.parameters) {
      const values = gradients.get(name)!;
      assert.equal(values.length, shape.reduce((a, b) => a * b, 1));
      assert.ok(values.every(Number.isFinite), name);
      assert.ok(values.some((value) => value !== 0), name);
    }
    assert.ok(loss > 0 && Number.isFinite(loss));
    assert.equal(count, COUNT);
    assert.deepEqual(passes, Array(method.stepsPerBatch).fill(expected));
    assert.equal(leaked, 0);
  });

  Deno.test(`${method.label}: same seed same bits, another seed or step other bits`, () => {
    const first = run(method, shard());
    assert.deepEqual(run(method, shard()), first);
    assert.notDeepEqual(run(method, shard(), { seed: 4 }).gradients, first.gradients);
    assert.notDeepEqual(run(method, shard(), { position: { epoch: 0, step: 6 } }).gradients, first.gradients);
  });

  Deno.test(`${method.label}: two part shards add up to the whole`, () => {
    const whole = run(method, shard());
    const parts = [run(method, shard(0, 3)), run(method, shard(3))];
    assert.ok(Math.abs(parts[0]!.loss + parts[1]!.loss - whole.loss) <= 1e-5 * whole.loss);
    for (const [name, values] of whole.gradients) {
      const scale = Math.max(...values.map(Math.abs));
      const error = values.map((value, i) =>
        Math.abs(parts[0]!.gradients.get(name)![i]! + parts[1]!.gradients.get(name)![i]! - value)
      );
      assert.ok(Math.max(...error) <= 1e-5 * scale, `${name}: ${Math.max(...error)} of ${scale}`);
    }
  });

  Deno.test(`${method.label}: an empty shard adds zero`, () => {
    const { gradients, loss, count, leaked } = run(method, shard(0, 0));
    assert.deepEqual([...gradients.keys()], model.parameters.map((parameter) => parameter.name));
    assert.ok([...gradients.values()].every((values) => values.every((value) => value === 0)));
    assert.deepEqual([loss, count, leaked], [0, 0, 0]);
  });
}

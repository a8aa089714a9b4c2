import * as tf from "@tensorflow/tfjs";
import assert from "node:assert/strict";
import { cpuEngine } from "../backends/cpu.ts";
import { random } from "../random/random.ts";
import type { ForwardContext, Model } from "./model.ts";
import { findModel, models } from "./registry.ts";
import { parameterCount, toTensors, weightsSha256 } from "./weights.ts";

const engine = await cpuEngine.open();
const evaluation: ForwardContext = { kernels: engine.kernels, training: false };

/** Logits of `count` random images, read back. */
function logitsOf(model: Model, count: number, context = evaluation): Float32Array {
  const stream = random(4, "images");
  const [height, width, channels] = model.input;
  const parameters = toTensors(model.initialize((name) => random(1, name)));
  const values = tf.tidy(() => {
    const pixels = Float32Array.from({ length: count * height * width * channels }, () => stream.uniform());
    const x = tf.tensor4d(pixels, [count, height, width, channels]);
    const logits = model.rest(parameters, model.firstLayer(parameters, x, context), context);
    assert.deepEqual(logits.shape, [count, model.classes]);
    return logits.dataSync() as Float32Array;
  });
  tf.dispose([...parameters.values()]);
  return values;
}

/** Name, options, parameter count. */
const table: [string, Record<string, number>, number][] = [
  ["small-cnn", {}, 312_202],
  ["small-cnn", { height: 18, width: 16, channels: 3, classes: 4, dropout: 0 }, 119_572],
  ["tiny-cnn", {}, 40 + 36 * 4 * 3 + 3],
  ["tiny-cnn", { height: 5, width: 3, channels: 2, classes: 2 }, 76 + 3 * 4 * 2 + 2],
];

Deno.test("the table of cases holds every registered model", () => {
  assert.deepEqual([...new Set(table.map(([name]) => name))].sort(), models.map(({ name }) => name));
});

for (const [name, options, count] of table) {
  const model = findModel(name).create(options);
  const title = `${name} ${JSON.stringify(options)}`;

  Deno.test(`${title} has ${count} parameters, f0's first, and starts as its seed says`, () => {
    assert.equal(parameterCount(model), count);
    const weights = model.initialize((parameter) => random(1, parameter));
    assert.deepEqual([...weights].map(([name, { shape }]) => ({ name, shape })), model.parameters);
    assert.ok(model.parameters[0]!.name.startsWith("first."));
    assert.equal(weightsSha256(model.initialize((parameter) => random(1, parameter))), weightsSha256(weights));
    assert.notEqual(weightsSha256(model.initialize((parameter) => random(2, parameter))), weightsSha256(weights));
  });

  Deno.test(`${title} gives finite logits and leaves no tensor`, () => {
    const before = tf.memory().numTensors;
    assert.ok(logitsOf(model, 2).every(Number.isFinite));
    assert.equal(tf.memory().numTensors, before);
  });

  Deno.test(`${title} describes f0 as what firstLayer() computes`, () => {
    const [height, width, channels] = model.input;
    const parameters = toTensors(model.initialize((name) => random(1, name)));
    tf.tidy(() => {
      const x = tf.randomUniform<tf.Rank.R4>([1, height, width, channels], 0, 1, "float32", 6);
      const { filter, bias, ...options } = model.describeFirstLayer(parameters);
      const described = engine.kernels.convolution(x, filter, bias, options);
      assert.deepEqual(described.dataSync(), model.firstLayer(parameters, x, evaluation).dataSync());
    });
    tf.dispose([...parameters.values()]);
  });
}

Deno.test("small-cnn's logits are zero at the start, since its last layer is", () => {
  assert.ok(logitsOf(findModel("small-cnn").create(), 1).every((value) => value === 0));
});

Deno.test("small-cnn starts with the authors' deviations: Kaiming-normal kernels, uniform dense layers", () => {
  const weights = findModel("small-cnn").create().initialize((name) => random(1, name));
  const conv4 = weights.get("conv4.kernel")!.values; // 36,864 values
  const deviation = Math.sqrt(conv4.reduce((sum, value) => sum + value * value, 0) / conv4.length);
  assert.ok(Math.abs(deviation / Math.sqrt(2 / 576) - 1) < 0.02, String(deviation));
  assert.ok(weights.get("conv4.bias")!.values.every((value) => value === 0));
  for (const name of ["fc1.kernel", "fc1.bias"]) {
    const largest = weights.get(name)!.values.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    assert.ok(largest <= 1 / 32 && largest > 0.95 / 32, name);
  }
});

Deno.test("dropout acts in training mode, not in evaluation mode or where no mask is given", () => {
  const model = findModel("tiny-cnn").create({ dropout: 0.5 });
  const asked: string[] = [];
  const dropout: NonNullable<ForwardContext["dropout"]> = (layer, shape, rate) => {
    asked.push(`${layer} ${shape} ${rate}`);
    return tf.zeros([2, ...shape]);
  };
  const plain = logitsOf(model, 2);
  assert.deepEqual(logitsOf(model, 2, { ...evaluation, dropout }), plain);
  assert.deepEqual(logitsOf(model, 2, { ...evaluation, training: true }), plain);
  assert.deepEqual(asked, []);
  const dropped = logitsOf(model, 2, { ...evaluation, training: true, dropout });
  assert.deepEqual(asked, ["flatten 144 0.5"]);
  assert.deepEqual(dropped.slice(0, 3), dropped.slice(3)); // only the bias is left
  assert.notDeepEqual(dropped, plain);
});

const refused: [string, Record<string, number | string>, string][] = [
  ["small-cnn", { height: 15 }, 'Cannot make model "small-cnn" for 15x28 images: they must be at least 16x16'],
  ["tiny-cnn", { width: 2 }, 'Cannot make model "tiny-cnn" for 8x2 images: they must be at least 3x3'],
  [
    "small-cnn",
    { dropout: 1 },
    'Cannot set option "dropout" of model "small-cnn" to 1: expected a number from 0 to 0.99',
  ],
  [
    "small-cnn",
    { classes: 2.5 },
    'Cannot set option "classes" of model "small-cnn" to 2.5: expected an integer from 2 to 65536',
  ],
  [
    "small-cnn",
    { width: "28" },
    'Cannot set option "width" of model "small-cnn" to "28": expected an integer from 1 to 4096',
  ],
  [
    "tiny-cnn",
    { droput: 0.5 },
    'Cannot set option "droput" of model "tiny-cnn": expected height, width, channels, classes, dropout; did you mean "dropout"?',
  ],
];

for (const [name, options, message] of refused) {
  Deno.test(`${name} refuses ${JSON.stringify(options)}`, () => {
    assert.throws(() => findModel(name).create(options), { name: "RangeError", message });
  });
}

Deno.test("findModel() names the models where there is none of that name", () => {
  assert.throws(() => findModel("small_cnn", "--model"), {
    name: "RangeError",
    message: 'Cannot find model "small_cnn" from --model: expected small-cnn, tiny-cnn; did you mean "small-cnn"?',
  });
  assert.throws(() => findModel("toString"), {
    message: 'Cannot find model "toString": expected small-cnn, tiny-cnn',
  });
});

import * as tf from "@tensorflow/tfjs";
import assert from "node:assert/strict";
import { cpuEngine } from "../backends/cpu.ts";
import { random } from "../random/random.ts";
import type { ForwardContext, Model, Parameters } from "./model.ts";
import { updateRunningStatistics } from "./normalization.ts";
import type { OptionValues } from "./options.ts";
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

/** Small enough that a pass takes milliseconds. */
const SMALL_PREACT = { height: 8, width: 8, baseWidth: 2 };
const SMALL_WIDE = { height: 8, width: 8, depth: 10, factor: 1 };

/** Name, options, parameter count. */
const table: [string, OptionValues, number][] = [
  ["preact-resnet18", SMALL_PREACT, 11_332],
  ["preact-resnet18", { ...SMALL_PREACT, finalActivation: true }, 11_332 + 2 * 16],
  ["preact-resnet18", { ...SMALL_PREACT, normalize: "cifar10" }, 11_332],
  ["small-cnn", {}, 312_202],
  ["small-cnn", { height: 18, width: 16, channels: 3, classes: 4, dropout: 0 }, 119_572],
  ["tiny-bn", {}, 1_586],
  ["tiny-bn", { height: 5, width: 4, channels: 1, classes: 3 }, 1_586 - 2 * 72 - 7 * 17],
  ["tiny-cnn", {}, 40 + 36 * 4 * 3 + 3],
  ["tiny-cnn", { height: 5, width: 3, channels: 2, classes: 2 }, 76 + 3 * 4 * 2 + 2],
  ["wide-resnet", SMALL_WIDE, 77_850],
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
    assert.deepEqual([...weights].map(([name, { shape }]) => ({ name, shape })), [
      ...model.parameters,
      ...model.buffers,
    ]);
    assert.ok(model.parameters[0]!.name.startsWith("first."));
    assert.equal(weightsSha256(model.initialize((parameter) => random(1, parameter))), weightsSha256(weights));
    assert.notEqual(weightsSha256(model.initialize((parameter) => random(2, parameter))), weightsSha256(weights));
  });

  Deno.test(`${title} gives finite logits and leaves no tensor`, () => {
    const before = tf.memory().numTensors;
    assert.ok(logitsOf(model, 2).every(Number.isFinite));
    assert.equal(tf.memory().numTensors, before);
  });

  if (options.normalize !== undefined) continue; // f0 as data then leaves out a shift

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

Deno.test("the paper's networks have their published numbers of parameters", () => {
  assert.equal(parameterCount(findModel("preact-resnet18").create()), 11_171_146);
  assert.equal(parameterCount(findModel("wide-resnet").create()), 46_160_474);
});

/** The loss of two images in a mode, by plain tensors in and out. */
function gradientAt(model: Model, parameters: Parameters, x: tf.Tensor4D, context: ForwardContext): tf.Tensor {
  const y = tf.tensor1d([0, 1], "int32");
  return tf.grad((at) => {
    const h = model.firstLayer(parameters, at as tf.Tensor4D, context);
    return engine.kernels.crossEntropy(model.rest(parameters, h, context), y);
  })(x);
}

const MEAN = [0.4914, 0.4822, 0.4465], DEVIATION = [0.2471, 0.2435, 0.2616]; // of CIFAR-10's training images

/** A test net twice, without and with normalisation inside, their weights and two images. */
function withAndWithout(name: string, options: OptionValues) {
  const [plain, normalized] = ["none", "cifar10"].map((normalize) => findModel(name).create({ ...options, normalize }));
  const parameters = toTensors(plain!.initialize((parameter) => random(1, parameter)));
  const stream = random(3, "images");
  const x = tf.tensor4d(Float32Array.from({ length: 2 * 8 * 8 * 3 }, () => stream.uniform()), [2, 8, 8, 3]);
  return { plain: plain!, normalized: normalized!, parameters, x };
}

function assertClose(actual: tf.Tensor, expected: tf.Tensor, tolerance: number): void {
  const largest = tf.max(tf.abs(expected)).dataSync()[0]!;
  const error = tf.max(tf.abs(tf.sub(actual, expected))).dataSync()[0]!;
  assert.ok(largest > 0 && error <= tolerance * largest, `${error} of ${largest}`);
}

for (const [name, options] of [["preact-resnet18", SMALL_PREACT], ["wide-resnet", SMALL_WIDE]] as const) {
  Deno.test(`${name} with normalize "cifar10" computes what it does on normalised images, also at the border`, () => {
    tf.tidy(() => {
      const { plain, normalized, parameters, x } = withAndWithout(name, options);
      const outside = tf.div<tf.Tensor4D>(tf.sub(x, MEAN), DEVIATION);
      const [inner, outer] = [[normalized, x], [plain, outside]].map(([model, images]) => {
        return (model as Model).firstLayer(parameters, images as tf.Tensor4D, evaluation);
      });
      assert.deepEqual(inner!.dataSync(), outer!.dataSync()); // border pixels too
      const logits = (model: Model, h: tf.Tensor) => model.rest(parameters, h as tf.Tensor4D, evaluation);
      assert.deepEqual(logits(normalized, inner!).dataSync(), logits(plain, outer!).dataSync());
      assert.notDeepEqual(plain.firstLayer(parameters, x, evaluation).dataSync(), inner!.dataSync());
      tf.dispose([...parameters.values()]);
    });
  });

  Deno.test(`${name} with normalize "cifar10" describes an f0 with the gradient of firstLayer()`, () => {
    tf.tidy(() => {
      const { normalized: model, parameters, x } = withAndWithout(name, options);
      const h = model.firstLayer(parameters, x, evaluation);
      const p = tf.randomNormal<tf.Rank.R4>(h.shape, 0, 1, "float32", 7);
      const actual = tf.grad((at) => {
        const { filter, bias, ...geometry } = model.describeFirstLayer(parameters);
        return engine.kernels.convolution(at as tf.Tensor4D, filter, bias, geometry);
      })(x, p);
      assertClose(actual, tf.grad((at) => model.firstLayer(parameters, at as tf.Tensor4D, evaluation))(x, p), 1e-6);
      tf.dispose([...parameters.values()]);
    });
  });

  Deno.test(`${name} with normalize "cifar10" has the gradient in pixels`, () => {
    tf.tidy(() => {
      const { plain, normalized, parameters, x } = withAndWithout(name, options);
      const outside = tf.div<tf.Tensor4D>(tf.sub(x, MEAN), DEVIATION);
      const expected = tf.div(gradientAt(plain, parameters, outside, evaluation), DEVIATION);
      assertClose(gradientAt(normalized, parameters, x, evaluation), expected, 1e-5);
      tf.dispose([...parameters.values()]);
    });
  });
}

Deno.test("preact-resnet18 with finalActivation takes the mean of what BN and ReLU give, without it of the last block", () => {
  tf.tidy(() => {
    const [without, with_] = [false, true].map((finalActivation) => {
      return findModel("preact-resnet18").create({ ...SMALL_PREACT, finalActivation });
    });
    const parameters = toTensors(with_!.initialize((name) => random(1, name)));
    const x = tf.randomUniform<tf.Rank.R4>([2, 8, 8, 3], 0, 1, "float32", 6);
    const h = with_!.firstLayer(parameters, x, evaluation);
    const logits = (model: Model) => model.rest(parameters, h, evaluation).dataSync();
    assert.notDeepEqual(logits(with_!), logits(without!));
    // An offset this high lets no value below the ReLU's bend, and a scale of 1 over √(1 + 1e-5) is nearly the identity.
    parameters.get("bn1.offset")!.dispose();
    parameters.set("bn1.offset", tf.fill([16], 1000));
    const bias = tf.matMul(tf.fill([1, 16], 1000), parameters.get("fc.kernel") as tf.Tensor2D);
    const shifted = tf.sub(with_!.rest(parameters, h, evaluation), bias);
    assertClose(shifted, without!.rest(parameters, h, evaluation), 1e-2);
    tf.dispose([...parameters.values()]);
  });
});

Deno.test("batch normalisation goes by the batch in training mode, by the buffers in evaluation mode", () => {
  const model = findModel("tiny-bn").create({ height: 6, width: 6, channels: 1, classes: 3 });
  const seen: string[] = [];
  const training: ForwardContext = {
    ...evaluation,
    training: true,
    statistics: ({ layer, mean, variance, count }) => {
      seen.push(`${layer} ${mean.shape} ${count}`);
      tf.dispose([mean, variance]);
    },
  };
  const byBuffers = logitsOf(model, 2), byBatch = logitsOf(model, 2, training);
  assert.notDeepEqual(byBatch, byBuffers);
  assert.deepEqual(seen, ["bn1 8 72", "bn2 16 18"]);
  assert.deepEqual(logitsOf(model, 1), byBuffers.slice(0, 3)); // an image alone
  assert.notDeepEqual(logitsOf(model, 1, training), byBatch.slice(0, 3));
});

Deno.test("updateRunningStatistics() moves the buffers by a tenth, with the unbiased variance", () => {
  const buffers = new Map<string, tf.Tensor>([["bn1.mean", tf.tensor([1, 2])], ["bn1.variance", tf.tensor([3, 4])]]);
  const before = tf.memory().numTensors;
  const seen = { layer: "bn1", mean: tf.tensor1d([11, 12]), variance: tf.tensor1d([8, 16]), count: 5 };
  updateRunningStatistics(buffers, seen, 5);
  assert.equal(tf.memory().numTensors, before);
  const values = (name: string) => [...buffers.get(name)!.dataSync()].map((value) => Math.round(value * 1e5) / 1e5);
  assert.deepEqual(values("bn1.mean"), [2, 3]);
  assert.deepEqual(values("bn1.variance"), [3.7, 5.6]);
  tf.dispose([...buffers.values()]);
});

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

const refused: [string, OptionValues, string][] = [
  [
    "preact-resnet18",
    { channels: 1, normalize: "cifar10" },
    'Cannot set option "normalize" of model "preact-resnet18" to "cifar10": it needs images of 3 channels, not 1',
  ],
  [
    "preact-resnet18",
    { normalize: "mnist" },
    'Cannot set option "normalize" of model "preact-resnet18" to "mnist": expected "none" or "cifar10"',
  ],
  [
    "preact-resnet18",
    { baseWidth: 0 },
    'Cannot set option "baseWidth" of model "preact-resnet18" to 0: expected an integer from 1 to 1024',
  ],
  [
    "preact-resnet18",
    { finalActivation: 1 },
    'Cannot set option "finalActivation" of model "preact-resnet18" to 1: expected true or false',
  ],
  [
    "wide-resnet",
    { depth: 18 },
    'Cannot make model "wide-resnet" with depth 18: it must be 4 and a multiple of 6, such as 34',
  ],
  [
    "wide-resnet",
    { channels: 4, normalize: "cifar10" },
    'Cannot set option "normalize" of model "wide-resnet" to "cifar10": it needs images of 3 channels, not 4',
  ],
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
    message:
      'Cannot find model "small_cnn" from --model: expected preact-resnet18, small-cnn, tiny-bn, tiny-cnn, wide-resnet; did you mean "small-cnn"?',
  });
  assert.throws(() => findModel("toString"), {
    message: 'Cannot find model "toString": expected preact-resnet18, small-cnn, tiny-bn, tiny-cnn, wide-resnet',
  });
});

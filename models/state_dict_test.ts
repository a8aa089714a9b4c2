import fc from "fast-check";
import assert from "node:assert/strict";
import { random } from "../random/random.ts";
import type { OptionValues } from "./options.ts";
import { findModel } from "./registry.ts";
import { readSafetensors, writeSafetensors } from "./safetensors.ts";
import { decodeAnyWeights, decodeStateDict, encodeStateDict, stateDictSource } from "./state_dict.ts";
import { encodeWeights } from "./weights.ts";

type Tensors = Map<string, { shape: readonly number[]; values: Float32Array | BigInt64Array }>;

const cases: readonly [model: string, options: OptionValues, source: string][] = [
  ["small-cnn", { classes: 4 }, "SmallCNN of the YOPO repository"],
  ["small-cnn", { height: 32, width: 32, channels: 3 }, "SmallCNN of the YOPO repository"],
  ["preact-resnet18", { baseWidth: 2, normalize: "cifar10" }, "PreActResNet18 of the YOPO repository"],
  [
    "preact-resnet18",
    { baseWidth: 2, finalActivation: true, classes: 100 },
    "PreActResNet18 of locuslab's repositories fast_adversarial and robust_overfitting",
  ],
  [
    "wide-resnet",
    { depth: 10, factor: 1, channels: 1, height: 28, width: 28 },
    "WideResNet of the TRADES and robust_overfitting repositories",
  ],
];

function made(name: string, options: OptionValues) {
  const model = findModel(name).create(options);
  return { model, weights: model.initialize((parameter) => random(1, parameter)) };
}

/** The tensors of a state_dict that this program writes. */
function stateDict(name: string, options: OptionValues): Tensors {
  const { model, weights } = made(name, options);
  const { tensors } = readSafetensors(encodeStateDict(model, weights), "memory");
  return new Map([...tensors].map(([name, { shape, values }]) => {
    assert.ok(values instanceof Float32Array || values instanceof BigInt64Array);
    return [name, { shape, values }];
  }));
}

for (const [name, options, source] of cases) {
  Deno.test(`decodeStateDict() is the inverse of encodeStateDict() for ${name} ${JSON.stringify(options)}`, () => {
    const { model, weights } = made(name, options);
    const decoded = decodeStateDict(encodeStateDict(model, weights, { run: "r1" }), "memory");
    assert.equal(decoded.model.name, name);
    assert.deepEqual(decoded.model.options, model.options);
    assert.deepEqual(decoded.weights, weights);
    assert.equal(decoded.metadata.get("run"), "r1");
    assert.equal(stateDictSource(model), source);
  });
}

Deno.test("encodeStateDict() writes filters as out, in, height, width and dense kernels as out, in", () => {
  const { model, weights } = made("small-cnn", {});
  const { tensors } = readSafetensors(encodeStateDict(model, weights), "memory");
  const first = weights.get("first.kernel")!.values;
  const conv1 = tensors.get("conv1.weight")!;
  assert.deepEqual(conv1.shape, [32, 1, 3, 3]);
  assert.equal(conv1.values[5 * 9 + 2 * 3 + 1], first[(2 * 3 + 1) * 32 + 5]);
  const fc2 = tensors.get("classifier.fc2.weight")!;
  assert.equal(fc2.values[7 * 200 + 3], weights.get("fc2.kernel")!.values[3 * 200 + 7]);
  const fc1 = tensors.get("classifier.fc1.weight")!;
  const [h, w, c, out] = [1, 2, 3, 11] as const;
  const row = (h * 4 + w) * 64 + c;
  assert.equal(fc1.values[out * 1024 + c * 16 + h * 4 + w], weights.get("fc1.kernel")!.values[row * 200 + out]);
});

/** A second name for each tensor, as YOPO's classes register their layers. */
const seconds: readonly [string, OptionValues, (name: string) => string][] = [
  [
    "small-cnn",
    {},
    (name) =>
      name.replace(/^conv1/, "layer_one.conv1").replace(/^feature_extractor/, "other_layers.0")
        .replace(/^classifier/, "other_layers.1"),
  ],
  ["small-cnn", {}, (name) => name.replace(/^conv1/, "feature_extractor.conv1")],
  [
    "preact-resnet18",
    { baseWidth: 1 },
    (name) =>
      name.replace(/^layer(\d)\.(\d)/, (_, stage, block) => `layers.${2 * Number(stage) - 1 + Number(block)}`)
        .replace(/^conv1/, "layers.0").replace(/^linear/, "layers.9"),
  ],
  [
    "wide-resnet",
    { depth: 10, factor: 1 },
    (name) =>
      name.replace(/^conv1/, "layer_one").replace(/^block1/, "other_layers.0").replace(/^block2/, "other_layers.2")
        .replace(/^block3/, "other_layers.3").replace(/^bn1/, "other_layers.4").replace(/^fc/, "other_layers.5"),
  ],
];

for (const [name, options, second] of seconds) {
  Deno.test(`decodeStateDict() takes the names ${second("conv1.weight")} and so on of ${name}, alone or besides`, () => {
    const tensors = stateDict(name, options);
    const alone = new Map([...tensors].map(([key, value]) => [`module.${second(key)}`, value]));
    const both = new Map([...[...tensors].map(([key, value]) => [`module.${key}`, value] as const), ...alone]);
    both.set("module.sub_block1.layer.0.conv1.weight", { shape: [1], values: Float32Array.of(5) });
    const { weights } = made(name, options);
    assert.deepEqual(decodeStateDict(writeSafetensors(alone), "memory").weights, weights);
    if (name === "wide-resnet") assert.deepEqual(decodeStateDict(writeSafetensors(both), "memory").weights, weights);
    both.delete("module.sub_block1.layer.0.conv1.weight");
    assert.deepEqual(decodeStateDict(writeSafetensors(both), "memory").weights, weights);
  });
}

const cifar10 = { mean: [0.4914, 0.4822, 0.4465], std: [0.2471, 0.2435, 0.2616] };

/** A state_dict behind a normalising module. */
function normalized({ mean, std }: { mean: number[]; std: number[] }): Uint8Array {
  const tensors: Tensors = new Map(
    [...stateDict("preact-resnet18", { baseWidth: 1 })].map(([name, tensor]) => [`model.${name}`, tensor]),
  );
  tensors.set("normalize.mean", { shape: [1, 3, 1, 1], values: Float32Array.from(mean) });
  tensors.set("normalize.std", { shape: [1, 3, 1, 1], values: Float32Array.from(std) });
  return writeSafetensors(tensors);
}

Deno.test("decodeStateDict() reads a normalising module", () => {
  assert.equal(decodeStateDict(normalized(cifar10), "x").model.options.normalize, "cifar10");
  assert.equal(decodeStateDict(normalized({ mean: [0, 0, 0], std: [1, 1, 1] }), "x").model.options.normalize, "none");
  assert.throws(() => decodeStateDict(normalized({ ...cifar10, std: [0.2, 0.2, 0.2] }), "x"), {
    name: "RangeError",
    message:
      'Cannot use weight file "x": tensors "normalize.mean", "normalize.std" normalise pixels otherwise than by ' +
      "the mean [0.4914, 0.4822, 0.4465] and deviation [0.2471, 0.2435, 0.2616] of CIFAR-10",
  });
});

Deno.test("decodeStateDict() lets the given options win", () => {
  const bytes = writeSafetensors(stateDict("wide-resnet", { depth: 10, factor: 1 }));
  const given = { model: "wide-resnet", options: { normalize: "cifar10", height: 64 } };
  const { options } = decodeStateDict(bytes, "x", given).model;
  assert.deepEqual([options.normalize, options.height, options.depth], ["cifar10", 64, 10]);
});

Deno.test("decodeAnyWeights() reads this program's files and state_dicts, and refuses what contradicts the former", () => {
  const { model, weights } = made("preact-resnet18", { baseWidth: 1 });
  const ours = encodeWeights(model, weights);
  assert.deepEqual(decodeAnyWeights(ours, "x").weights, weights);
  assert.deepEqual(decodeAnyWeights(encodeStateDict(model, weights), "x").weights, weights);
  const same = { model: "preact-resnet18", options: { normalize: "none" } };
  assert.deepEqual(decodeAnyWeights(ours, "x", same).weights, weights);
  const refused: [Parameters<typeof decodeAnyWeights>[2], string][] = [
    [
      { model: "wide-resnet" },
      'Cannot use weight file "x" as model "wide-resnet": it says itself that it is "preact-resnet18"; leave the model out',
    ],
    [
      { options: { normalize: "cifar10" } },
      'Cannot use weight file "x" as one with normalize=cifar10: it says itself normalize=none; leave the option out',
    ],
    [
      { options: { depth: 10 } },
      'Cannot use weight file "x" as one with depth=10: "preact-resnet18" has no such option; leave the option out',
    ],
  ];
  for (const [given, message] of refused) {
    assert.throws(() => decodeAnyWeights(ours, "x", given), { name: "RangeError", message });
  }
  const other = writeSafetensors(new Map(), { format: "yopo-bench/weights@9" });
  assert.throws(() => decodeAnyWeights(other, "x"), { name: "SyntaxError", message: /its format is "yopo-bench/ });
});

/** The small CNN's state_dict with some tensors changed. */
function changed(change: (tensors: Tensors) => void): Uint8Array {
  const tensors = stateDict("small-cnn", {});
  change(tensors);
  return writeSafetensors(tensors);
}

const numbers = (count: number, value = 0) => ({ shape: [count], values: new Float32Array(count).fill(value) });
const refused: readonly [what: string, bytes: Uint8Array, name: string, message: string, model?: string][] = [
  [
    "tensors of another network",
    writeSafetensors(new Map(["a", "b", "c", "d", "e"].map((name) => [name, numbers(1)]))),
    "RangeError",
    'Cannot tell the model of weight file "w": it names its tensors "a", "b", "c" and 2 more, expected those of PreActResNet18, SmallCNN, WideResNet',
  ],
  [
    "no tensors",
    writeSafetensors(new Map()),
    "RangeError",
    'Cannot tell the model of weight file "w": it holds no tensor, expected those of PreActResNet18, SmallCNN, WideResNet',
  ],
  [
    "another architecture than the given one",
    changed(() => {}),
    "RangeError",
    'Cannot use weight file "w" as model "wide-resnet": its tensors are named as those of "small-cnn"',
    "wide-resnet",
  ],
  [
    "a given model without public names",
    changed(() => {}),
    "RangeError",
    'Cannot name the tensors of model "tiny-cnn" for PyTorch: names are known for preact-resnet18, small-cnn, wide-resnet',
    "tiny-cnn",
  ],
  [
    "missing and extra tensors",
    changed((tensors) => {
      for (const name of ["conv1.weight", "conv1.bias", "classifier.fc2.weight", "classifier.fc2.bias"]) {
        tensors.delete(name);
      }
      tensors.set("conv9.weight", numbers(1));
    }),
    "TypeError",
    'Cannot use weight file "w": tensors "conv1.weight", "conv1.bias", "classifier.fc2.weight" and 1 more of SmallCNN (model "small-cnn") are missing; tensor "conv9.weight" belongs to no layer',
  ],
  [
    "a wrong shape",
    changed((tensors) => void tensors.set("classifier.fc2.bias", numbers(3))),
    "TypeError",
    'Cannot use weight file "w": tensor "classifier.fc2.bias" has shape [3], expected [200]',
  ],
  [
    "sizes of zero",
    changed((tensors) => void tensors.set("classifier.fc3.weight", { shape: [0, 200], values: new Float32Array(0) })),
    "RangeError",
    'Cannot set option "classes" of model "small-cnn" to 0: expected an integer from 2 to 65536',
  ],
  [
    "another type",
    changed((tensors) => void tensors.set("conv1.bias", { shape: [32], values: new BigInt64Array(32) })),
    "TypeError",
    'Cannot use weight file "w": tensor "conv1.bias" has type I64, expected F32',
  ],
  [
    "NaN",
    changed((tensors) => void tensors.set("conv1.bias", numbers(32, NaN))),
    "RangeError",
    'Cannot use weight file "w": tensor "conv1.bias" holds a value that is not finite',
  ],
  [
    "a negative variance",
    writeSafetensors(stateDict("wide-resnet", { depth: 10, factor: 1 }).set("bn1.running_var", numbers(64, -1))),
    "RangeError",
    'Cannot use weight file "w": tensor "bn1.running_var" holds a negative variance',
  ],
  [
    "second names that differ",
    changed((tensors) => void tensors.set("layer_one.conv1.bias", numbers(32, 1))),
    "RangeError",
    'Cannot use weight file "w": its tensors "conv1.bias" and "layer_one.conv1.bias" are one layer\'s in SmallCNN but differ',
  ],
];

for (const [what, bytes, name, message, model] of refused) {
  Deno.test(`decodeStateDict() refuses ${what}`, () => {
    assert.throws(() => decodeStateDict(bytes, "w", model === undefined ? {} : { model }), { name, message });
  });
}

/** Runs the work and checks that it succeeds, or fails in one plain line. */
function endsPlainly(work: () => unknown): void {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof SyntaxError || error instanceof TypeError || error instanceof RangeError, String(error));
    assert.match(error.message, /^Cannot (?:read|use|tell|find|set|make) [^\n]{1,2000}$/);
  }
}

Deno.test("decodeAnyWeights() reads a damaged file or refuses it in one line", () => {
  const tiny = made("tiny-cnn", { height: 3, width: 3 });
  const whole = [
    encodeWeights(tiny.model, tiny.weights),
    writeSafetensors(stateDict("wide-resnet", { depth: 10, factor: 1, classes: 2 })),
  ];
  const damage = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(fc.constantFrom(...whole), damage, fc.option(fc.nat()), (original, changes, end) => {
      const header = Number(new DataView(original.buffer).getBigUint64(0, true)) + 8;
      const bytes = original.slice(0, end === null ? original.length : end % original.length);
      // Most of the damage to the header: a changed weight is only another weight.
      for (const [at, value] of changes) bytes[at % Math.min(header, Math.max(1, bytes.length))] = value;
      endsPlainly(() => decodeAnyWeights(bytes, "w"));
    }),
    { seed: 1, numRuns: 300 },
  );
});

Deno.test("decodeStateDict() reads tensors of any name and shape or refuses them in one line", () => {
  const names = [...stateDict("preact-resnet18", { baseWidth: 1 }).keys(), "__proto__", "toString", "layers.9.fc.bias"];
  const tensor = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 4 }).map((shape) => ({
    shape,
    values: new Float32Array(shape.reduce((a, b) => a * b, 1)),
  }));
  const name = fc.oneof(fc.constantFrom(...names), fc.string({ unit: "grapheme" }).filter((n) => n !== "__metadata__"));
  const entry = fc.tuple(name, tensor);
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 30 }), fc.dictionary(fc.string(), fc.string()), (entries, metadata) => {
      endsPlainly(() => decodeStateDict(writeSafetensors(new Map(entries), metadata), "w"));
    }),
    { seed: 1, numRuns: 300 },
  );
});

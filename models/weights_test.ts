import * as tf from "@tensorflow/tfjs";
import assert from "node:assert/strict";
import { cpuEngine } from "../backends/cpu.ts";
import { random } from "../random/random.ts";
import type { Weights } from "./model.ts";
import { findModel } from "./registry.ts";
import { writeSafetensors } from "./safetensors.ts";
import { decodeWeights, encodeWeights, fromTensors, parameterCount, toTensors, weightsSha256 } from "./weights.ts";

const model = findModel("tiny-cnn").create({ height: 4, width: 4, classes: 2 });
const weights = model.initialize((name) => random(1, name));
const metadata = { format: "yopo-bench/weights@1", model: "tiny-cnn", modelOptions: JSON.stringify(model.options) };

Deno.test("decodeWeights() gives back what encodeWeights() was given, and the model", () => {
  const bytes = encodeWeights(model, weights, { run: "r1" });
  const decoded = decodeWeights(bytes, "last.safetensors");
  assert.deepEqual(decoded.weights, weights);
  assert.deepEqual(decoded.model.options, model.options);
  assert.equal(decoded.model.name, "tiny-cnn");
  assert.equal(decoded.metadata.get("run"), "r1");
  assert.deepEqual(encodeWeights(decoded.model, decoded.weights, { run: "r1" }), bytes);
});

/** A weight file with some tensors and metadata changed. */
function changed(
  tensors: (weights: Map<string, { shape: readonly number[]; values: Float32Array }>) => void,
  extra = {},
) {
  const copy = new Map([...weights].map(([name, { shape, values }]) => [name, { shape, values: values.slice() }]));
  tensors(copy);
  return writeSafetensors(copy, { ...metadata, ...extra });
}

const keep = () => {};
const refused: [string, Uint8Array, string, string][] = [
  [
    "another format",
    changed(keep, { format: "pt" }),
    "SyntaxError",
    'Cannot read weight file "w": its format is "pt", expected "yopo-bench/weights@1"',
  ],
  [
    "no metadata",
    writeSafetensors(weights),
    "SyntaxError",
    'Cannot read weight file "w": it names no format, expected "yopo-bench/weights@1"',
  ],
  [
    "an unknown model",
    changed(keep, { model: "tinycnn" }),
    "RangeError",
    'Cannot find model "tinycnn" from weight file "w": expected preact-resnet18, small-cnn, tiny-bn, tiny-cnn, wide-resnet; did you mean "tiny-cnn"?',
  ],
  [
    "options that are not JSON",
    changed(keep, { modelOptions: "{" }),
    "SyntaxError",
    'Cannot read weight file "w": its metadata "modelOptions" is not a JSON object of plain values',
  ],
  [
    "options that are nested",
    changed(keep, { modelOptions: '{"dropout":{}}' }),
    "SyntaxError",
    'Cannot read weight file "w": its metadata "modelOptions" is not a JSON object of plain values',
  ],
  [
    "an option out of range",
    changed(keep, { modelOptions: '{"dropout":1}' }),
    "RangeError",
    'Cannot set option "dropout" of model "tiny-cnn" to 1: expected a number from 0 to 0.99',
  ],
  [
    "a missing tensor",
    changed((tensors) => void tensors.delete("fc1.bias")),
    "TypeError",
    'Cannot use weight file "w": tensor "fc1.bias" of model "tiny-cnn" is missing',
  ],
  [
    "an extra tensor",
    changed((tensors) => void tensors.set("fc9.bias", { shape: [1], values: Float32Array.of(0) })),
    "TypeError",
    'Cannot use weight file "w": tensor "fc9.bias" belongs to no layer of model "tiny-cnn"',
  ],
  [
    "a misshapen tensor",
    changed((tensors) => void tensors.set("fc1.bias", { shape: [1, 2], values: new Float32Array(2) })),
    "TypeError",
    'Cannot use weight file "w": tensor "fc1.bias" has shape [1, 2], expected [2]',
  ],
  [
    "NaN",
    changed((tensors) => void tensors.set("fc1.bias", { shape: [2], values: Float32Array.of(0, NaN) })),
    "RangeError",
    'Cannot use weight file "w": tensor "fc1.bias" holds a value that is not finite',
  ],
];

for (const [what, bytes, name, message] of refused) {
  Deno.test(`decodeWeights() refuses ${what}`, () => {
    assert.throws(() => decodeWeights(bytes, "w"), { name, message });
  });
}

Deno.test("weightsSha256() hashes name, zero byte, type, shape and data", async () => {
  const one: Weights = new Map([["w", { shape: [1, 2], values: Float32Array.of(1, -2) }]]);
  const text = new TextEncoder().encode("w\0float32");
  const bytes = Uint8Array.of(...text, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 128, 63, 0, 0, 0, 192);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  assert.equal(weightsSha256(one), [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join(""));
});

Deno.test("weightsSha256() changes with a name, a shape, a value and the order", () => {
  const values = Float32Array.of(1, 2);
  const hashes = [
    weightsSha256(new Map([["a", { shape: [2], values }], ["b", { shape: [2], values: values.map((v) => -v) }]])),
    weightsSha256(new Map([["b", { shape: [2], values: values.map((v) => -v) }], ["a", { shape: [2], values }]])),
    weightsSha256(new Map([["a", { shape: [2], values }]])),
    weightsSha256(new Map([["b", { shape: [2], values }]])),
    weightsSha256(new Map([["a", { shape: [1, 2], values }]])),
    weightsSha256(new Map([["a", { shape: [2], values: Float32Array.of(1, 3) }]])),
  ];
  assert.equal(new Set(hashes).size, hashes.length);
});

Deno.test("fromTensors() gives back what toTensors() was given, and both copy", async () => {
  await cpuEngine.open();
  const tensors = toTensors(weights);
  const hash = weightsSha256(weights);
  const back = await fromTensors(tensors);
  back.get("fc1.bias")!.values.fill(9);
  assert.equal(weightsSha256(await fromTensors(tensors)), hash);
  assert.equal(weightsSha256(weights), hash);
  tf.dispose([...tensors.values()]);
});

Deno.test("parameterCount() sums the sizes of all parameters", () => {
  assert.equal(parameterCount(model), 9 * 4 + 4 + 2 * 2 * 4 * 2 + 2);
});

import * as tf from "@tensorflow/tfjs";
import assert from "node:assert/strict";
import { join } from "node:path";
import { findEngine } from "../backends/registry.ts";
import { readSafetensors, writeSafetensors } from "../models/safetensors.ts";
import { formulaValues } from "./formula_weights.ts";
import type { ParityLine } from "./lines.ts";
import { replayFolder } from "./replay.ts";

const FIXTURES = join(import.meta.dirname!, "../tests/fixtures");

/** A fixture's manifest, as a test changes it. */
interface EditableManifest {
  case?: string;
  file?: string;
  weights?: string;
  hyper?: Record<string, unknown>;
  tensors: { name: string; dtype: string; shape: number[]; is?: string }[];
}

async function manifestOf(name: string): Promise<EditableManifest> {
  return JSON.parse(await Deno.readTextFile(join(FIXTURES, `${name}.json`)));
}

/** A float32 tensor as it is written to a file. */
interface Weight {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** Replays a folder that holds the given files and nothing else: text, bytes, or the fixture of that name. */
async function replayFiles(files: Record<string, string | Uint8Array | null>, engine = "wasm"): Promise<ParityLine[]> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, content] of Object.entries(files)) {
      const bytes = content ?? await Deno.readFile(join(FIXTURES, name));
      await Deno.writeFile(join(folder, name), typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes);
    }
    return await Array.fromAsync(replayFolder(folder, await findEngine(engine).open()));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The fixture's tensors with one float32 value changed. */
async function perturbed(name: string, tensor: string, change: (value: number) => number): Promise<Uint8Array> {
  const bytes = await Deno.readFile(join(FIXTURES, `${name}.safetensors`));
  const view = new DataView(bytes.buffer);
  const headerBytes = Number(view.getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + headerBytes)));
  const at = 8 + headerBytes + header[tensor].data_offsets[0];
  view.setFloat32(at, change(view.getFloat32(at, true)), true);
  return bytes;
}

const failures = (lines: ParityLine[]) => lines.filter(({ outcome }) => outcome === "FAIL");

Deno.test("replayFolder() passes every reference case on wasm and leaves no tensor behind", async () => {
  const engine = await findEngine("wasm").open();
  const before = engine.memory().tensors;
  const lines = await Array.fromAsync(replayFolder(FIXTURES, engine));
  assert.equal(engine.memory().tensors, before);
  assert.deepEqual(failures(lines), []);
  const passed = new Set(
    lines.filter(({ outcome }) => outcome === "pass").map((line) => `${line.case} ${line.variant}`),
  );
  assert.deepEqual([...passed].sort(), [
    "free-step fast",
    "free-step original",
    "preact18-forward -",
    "preact18-forward eval",
    "preact18-forward train",
    "smallcnn-attacks -",
    "smallcnn-attacks fgsm",
    "smallcnn-attacks ipgd40",
    "smallcnn-attacks pgd10",
    "smallcnn-attacks pgd40",
    "smallcnn-attacks pgdl2",
    "smallcnn-forward -",
    "smallcnn-trained -",
    "smallcnn-weights -",
    "smallcnn-weights.pytorch -",
    "trades-step -",
    "trades-yopo-step -",
    "yopo-step-cifar-tiny official-preact18",
    "yopo-step-cifar-tiny official-wrn34",
    "yopo-step-cifar-tiny paper",
    "yopo-step-mnist official",
    "yopo-step-mnist official-torch1",
    "yopo-step-mnist paper",
  ]);
  const unsupported = new Set(lines.filter(({ outcome }) => outcome === "unsupported").map(({ variant }) => variant));
  assert.deepEqual([...unsupported], ["openClip"]);
  const forward = lines.filter((line) => line.case === "smallcnn-forward").map(({ quantity }) => quantity);
  const { tensors } = await manifestOf("smallcnn-forward");
  const results = tensors.map(({ name }) => name).filter((name) => !["x", "y", "clean/x"].includes(name));
  assert.deepEqual(forward.sort(), results.sort());
});

Deno.test("replayFolder() passes weights, and logits and gradient of clean images, on cpu", async () => {
  const forward = await manifestOf("smallcnn-forward");
  const lines = await replayFiles({
    "forward.json": JSON.stringify({
      ...forward,
      tensors: forward.tensors.filter(({ name }) => name === "y" || name.startsWith("clean/")),
    }),
    "smallcnn-forward.safetensors": null,
    "smallcnn-weights.json": null,
    "smallcnn-weights.safetensors": null,
  }, "cpu");
  assert.deepEqual(failures(lines), []);
  assert.equal(lines.filter((line) => line.case === "smallcnn-forward").length, 3);
});

Deno.test("replayFolder() goes by what manifests say, not by file names", async () => {
  const weights = await manifestOf("smallcnn-weights");
  const lines = await replayFiles({
    "yopo-step-mnist.json": JSON.stringify({ ...weights, file: "renamed.safetensors" }),
    "renamed.safetensors": await Deno.readFile(join(FIXTURES, "smallcnn-weights.safetensors")),
  });
  assert.ok(lines.length === 15 && lines.every((line) => line.case === "smallcnn-weights"));
  assert.deepEqual(failures(lines), []);
});

Deno.test("replayFolder() takes steps, sizes and rates from the manifest", async () => {
  const yopo = await manifestOf("yopo-step-mnist");
  const weights = "smallcnn-weights.safetensors";
  const hyper = { ...yopo.hyper, n: 1 };
  const tensors = yopo.tensors.filter(({ name }) => /^step1\/(x|y|eta0|eta|loss)$/.test(name));
  const run = (changed: Partial<EditableManifest>) =>
    replayFiles({
      "case.json": JSON.stringify({ ...yopo, variants: { paper: "" }, tensors, ...changed }),
      "yopo-step-mnist.safetensors": null,
      [weights]: null,
    });
  assert.deepEqual(failures(await run({})), []);
  assert.deepEqual(failures(await run({ hyper })).map(({ quantity }) => quantity), ["step1/eta", "step1/loss"]);
});

Deno.test("replayFolder() passes YOPO's, TRADES-YOPO's and Free's batch-normalised steps on cpu", async () => {
  const files = ["free-step", "trades-yopo-step", "yopo-step-cifar-tiny"]
    .flatMap((name) => [`${name}.json`, `${name}.safetensors`]);
  const lines = await replayFiles(Object.fromEntries(files.map((name) => [name, null])), "cpu");
  assert.deepEqual(failures(lines), []);
  assert.ok(lines.filter(({ outcome }) => outcome === "pass").length > 200);
});

Deno.test("replayFolder() fails where a step was taken with another hyper-parameter", async () => {
  const cases: [string, Record<string, unknown>, RegExp][] = [
    ["free-step", { eps: 0.03 }, /delta@0:4/],
    ["free-step", { optimizer: { kind: "SGD", lr: 0.06, momentum: 0, weightDecay: 0 } }, /batch1\/params/],
    ["trades-step", { beta: 5 }, /^loss$/],
    ["trades-step", { step: 0.05 }, /^adv$/],
    ["trades-yopo-step", { sigma: 0.008 }, /^eta$/],
    ["trades-yopo-step", { beta: 2 }, /^loss$/],
    ["yopo-step-cifar-tiny", { m: 4 }, /step1\/buffers/],
  ];
  for (const [name, changes, failing] of cases) {
    const manifest = await manifestOf(name);
    const lines = failures(
      await replayFiles({
        "case.json": JSON.stringify({ ...manifest, hyper: { ...manifest.hyper, ...changes } }),
        [`${name}.safetensors`]: null,
        "smallcnn-weights.safetensors": null,
      }),
    );
    assert.ok(lines.some(({ quantity }) => failing.test(quantity)), `${name} ${JSON.stringify(changes)}`);
  }
});

Deno.test("replayFolder() compares running statistics after a pass, unless they were recorded before it", async () => {
  const manifest = await manifestOf("preact18-forward");
  const stored = readSafetensors(await Deno.readFile(join(FIXTURES, "preact18-forward.safetensors")), "it").tensors;
  const tensor = "train/after/stage1/block0/bn1/movingMean";
  const [x, y] = ["x", "y"].map((name): Weight => {
    const { shape, values } = stored.get(name)!;
    return { shape, values: Float32Array.from(values, Number) };
  });
  const { weightTable } = manifest as unknown as { weightTable: { k: number; offset: number; scale: number }[] };
  await findEngine("wasm").open();
  const seen = tf.tidy(() => {
    const kernel = tf.tensor(formulaValues(weightTable[0]!, 3 * 3 * 3 * 64), [3, 3, 3, 64]) as tf.Tensor4D;
    const images = tf.tensor<tf.Rank.R4>(x!.values, x!.shape as [number, number, number, number]);
    return tf.mean(tf.conv2d(images, kernel, 1, [[0, 0], [1, 1], [1, 1], [0, 0]]), [0, 1, 2]).dataSync<"float32">();
  });
  const before = formulaValues(weightTable.find(({ k }) => k === 4)!, 64); // stage1/block0/bn1/movingMean
  const replayWith = async (values: Float32Array): Promise<ParityLine> => {
    const tensors = new Map<string, Weight>([["x", x!], ["y", y!], [tensor, { shape: [64], values }]]);
    const listed = [...tensors].map(([name, { shape }]) => ({ name, dtype: "float32", shape }));
    const lines = await replayFiles({
      "case.json": JSON.stringify({ ...manifest, file: "case.safetensors", tensors: listed }),
      "case.safetensors": writeSafetensors(tensors, {}),
    });
    return lines.find(({ quantity }) => quantity.endsWith("movingMean"))!;
  };
  const unmoved = await replayWith(before);
  assert.match(`${unmoved.outcome} ${unmoved.reason}`, /^unsupported recorded as it was before the pass/);
  assert.equal((await replayWith(before.map((value, i) => 0.9 * value + 0.1 * seen[i]!))).outcome, "pass");
  assert.equal((await replayWith(before.map((value, i) => 0.8 * value + 0.2 * seen[i]!))).outcome, "FAIL");
});

Deno.test("replayFolder() fails on a perturbed tensor", async () => {
  const files = { "smallcnn-forward.json": null, "smallcnn-weights.safetensors": null };
  const cases = [
    ["logits", (value: number) => value * (1 + 1e-3)],
    ["gradX", (value: number) => value + 1e-3],
    ["p@0:2", () => NaN],
  ] as const;
  for (const [tensor, change] of cases) {
    const broken = await perturbed("smallcnn-forward", tensor, change);
    const lines = await replayFiles({ ...files, "smallcnn-forward.safetensors": broken });
    assert.deepEqual(failures(lines).map(({ quantity }) => quantity), [tensor]);
  }
  const flipped = await replayFiles({
    "smallcnn-weights.json": null,
    "smallcnn-weights.safetensors": null,
    "smallcnn-weights.pytorch.json": null,
    "smallcnn-weights.pytorch.safetensors": await perturbed(
      "smallcnn-weights.pytorch",
      "classifier.fc1.weight",
      (value) => value + 1e-6,
    ),
  });
  assert.deepEqual(failures(flipped).map(({ quantity }) => quantity), ["classifier.fc1.weight"]);
});

Deno.test("replayFolder() turns broken manifests into FAIL lines with their reason", async () => {
  const weights = await manifestOf("smallcnn-weights");
  const [first, ...others] = weights.tensors;
  const forward = await manifestOf("smallcnn-forward");
  const yopo = await manifestOf("yopo-step-mnist");
  const cases: (readonly [manifest: string | object, reason: RegExp])[] = [
    ["{ not json", /^Cannot read manifest: it is not valid JSON$/],
    ["[]", /^Cannot read manifest: it: /],
    [{ ...weights, case: 3 }, /^Cannot read manifest: case: /],
    [{ ...weights, tensors: [{ name: "params/conv1/kernel" }] }, /^Cannot read manifest: tensors\.0\.dtype: /],
    [{ ...weights, file: "absent.safetensors" }, /absent\.safetensors/],
    [{ ...weights, tensors: others }, /tensor "first\.kernel" of model "small-cnn" is missing/],
    [
      { ...weights, tensors: [{ ...first, name: "params/conv9/kernel" }, ...others] },
      /"params\/conv9\/kernel" of smallcnn-weights\.safetensors: the manifest lists it, the file does not hold it/,
    ],
    [{ ...weights, tensors: [{ ...first, shape: [3, 3, 32] }, ...others] }, /shape \[3,3,1,32\], the manifest says/],
    [{ ...weights, tensors: [{ ...first, dtype: "int64" }, ...others] }, /type F32, the manifest says int64/],
    [{ ...forward, weights: undefined }, /Cannot replay without weights/],
    [{ ...forward, tensors: forward.tensors.filter(({ name }) => name !== "y") }, /Cannot replay without tensor "y"/],
    [{ ...yopo, hyper: { ...yopo.hyper, m: 0 } }, /Cannot read "hyper" of the manifest: m: /],
    [{ ...yopo, hyper: undefined }, /Cannot read "hyper" of the manifest: m: /],
  ];
  const binary = { "smallcnn-forward.safetensors": null, "yopo-step-mnist.safetensors": null };
  for (const [manifest, reason] of cases) {
    const text = typeof manifest === "string" ? manifest : JSON.stringify(manifest);
    const lines = failures(await replayFiles({ "case.json": text, "smallcnn-weights.safetensors": null, ...binary }));
    assert.equal(lines.length, 1, text.slice(0, 80));
    assert.match(lines[0]!.reason!, reason);
  }
});

Deno.test("replayFolder() fails where a listed tensor is compared by nothing", async () => {
  const yopo = await manifestOf("yopo-step-mnist");
  const tensors = yopo.tensors.filter(({ name }) => /^step2\/(x|y|eta0)$/.test(name));
  const lines = await replayFiles({
    "case.json": JSON.stringify({ ...yopo, tensors }), // without step 1 there is no step to take
    "yopo-step-mnist.safetensors": null,
    "smallcnn-weights.safetensors": null,
  });
  assert.deepEqual(failures(lines).map(({ quantity }) => quantity), ["step2/x", "step2/y", "step2/eta0"]);
  assert.match(failures(lines)[0]!.reason!, /compares nothing with this tensor/);
});

Deno.test("replayFolder() calls what it does not know unsupported and goes on", async () => {
  const lines = await replayFiles({
    "a.json": JSON.stringify({ case: "from-the-future", weights: 3, tensors: [{ dtype: "bfloat16" }] }),
    "b.json": "{",
    "smallcnn-weights.pytorch.json": null,
    "smallcnn-weights.pytorch.safetensors": null,
    "notes.txt": "no manifest",
  });
  assert.deepEqual(
    [...new Set(lines.map((line) => `${line.outcome} ${line.case}`))],
    ["unsupported from-the-future", "FAIL b.json", "unsupported smallcnn-weights.pytorch"],
  );
});

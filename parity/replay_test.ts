import assert from "node:assert/strict";
import { join } from "node:path";
import { findEngine } from "../backends/registry.ts";
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

import assert from "node:assert/strict";
import { join } from "node:path";
import { findEngine } from "../backends/registry.ts";
import { readSafetensors } from "../models/safetensors.ts";
import type { TestImages } from "./case.ts";
import { replayFolder, type ReplaySources } from "./replay.ts";

const FIXTURES = join(import.meta.dirname!, "../tests/fixtures");

/** The images and the correct answers under attack that smallcnn-attacks records. */
async function recorded() {
  const { tensors } = readSafetensors(await Deno.readFile(join(FIXTURES, "smallcnn-attacks.safetensors")), "attacks");
  const { hyper } = JSON.parse(await Deno.readTextFile(join(FIXTURES, "smallcnn-attacks.json")));
  const values = (name: string) => Array.from(tensors.get(name)!.values, Number);
  const tests: TestImages = {
    shape: [28, 28, 1],
    images: Uint8Array.from(values("x"), (pixel) => Math.round(pixel * 255)),
    labels: Uint8Array.from(values("y")),
  };
  const fgsm = values("correct/fgsm").reduce((sum, value) => sum + value, 0);
  return { tests, count: tests.labels.length, eps: Number(hyper.eps), fgsm };
}

async function replay(manifest: Readonly<Record<string, unknown>>, sources: ReplaySources, engine = "wasm") {
  const folder = await Deno.makeTempDir();
  try {
    const text = JSON.stringify({ case: "reference-accuracies", weights: "smallcnn-trained.safetensors", ...manifest });
    await Deno.writeTextFile(join(folder, "reference-accuracies.json"), text);
    await Deno.copyFile(join(FIXTURES, "smallcnn-trained.safetensors"), join(folder, "smallcnn-trained.safetensors"));
    const opened = await findEngine(engine).open(), before = opened.memory().tensors;
    const lines = await Array.fromAsync(replayFolder(folder, opened, sources));
    assert.equal(opened.memory().tensors, before);
    return lines;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("reference-accuracies counts the images that are correct under each row's attack", async () => {
  const { tests, count, eps, fgsm } = await recorded();
  const lines = await replay({
    images: `first ${count} images of the MNIST test set, pixel/255`,
    rows: [
      { attack: `FGSM eps ${eps}`, eps, correct: fgsm },
      { attack: "FGSM, too many by 3", eps, correct: fgsm + 3 },
      { attack: "PGD-2 zero start", eps, alpha: 1e-9, steps: 2, correct: count },
    ],
  }, { mnistTest: () => Promise.resolve(tests) });
  assert.deepEqual(lines.map(({ outcome, error }) => [outcome, error! <= 2]), [
    ["pass", true],
    ["FAIL", false],
    ["pass", true],
  ]);
});

Deno.test("reference-accuracies runs AutoAttack's stages, and counts a stage that the manifest lacks as failed", async () => {
  const { tests } = await recorded();
  const lines = await replay({
    images: "first 1 images",
    rows: [{ attack: "clean", correct: 1 }],
    autoattack: {
      eps: 0.9,
      version: "rand",
      images: "first 1 test images",
      robustAccuracyAfterStage: { clean: "100.00%", "APGD-DLR": "0.00%" },
    },
  }, { mnistTest: () => Promise.resolve(tests) });
  const stages = lines.filter(({ quantity }) => quantity.startsWith("autoattack-rand/"));
  assert.deepEqual(stages.map(({ outcome, quantity }) => [quantity, outcome]), [
    ["autoattack-rand/clean", "pass"],
    ["autoattack-rand/apgd-ce", "FAIL"],
  ]);
});

Deno.test("reference-accuracies is unsupported without MNIST, and its long attacks on the cpu engine", async () => {
  const { tests } = await recorded();
  const manifest = {
    images: "first 1 images",
    rows: [{ attack: "clean", correct: 1 }, { attack: "PGD-5 zero start", eps: 0.1, alpha: 0.1, steps: 5, correct: 1 }],
    autoattack: { eps: 0.1, images: "first 1 test images", robustAccuracyAfterStage: {} },
  };
  const [absent, ...others] = await replay(manifest, {});
  assert.equal(absent?.outcome, "unsupported");
  assert.match(absent?.reason ?? "", /get them with "yopo-bench data get mnist"/);
  assert.equal(others.length, 0);
  const lines = await replay(manifest, { mnistTest: () => Promise.resolve(tests) }, "cpu");
  assert.deepEqual(lines.map(({ outcome }) => outcome), ["pass", "unsupported", "unsupported"]);
});

Deno.test("reference-accuracies fails on a row or a number of images that it cannot read", async () => {
  const { tests } = await recorded();
  const sources = { mnistTest: () => Promise.resolve(tests) };
  const row = { attack: "PGD-5 random start", eps: 0.1, alpha: 0.1, steps: 5, correct: 1 };
  const [unknown] = await replay({ images: "first 1 images", rows: [row] }, sources);
  assert.match(unknown?.reason ?? "", /Cannot replay attack "PGD-5 random start": expected FGSM, or PGD/);
  const [uncounted] = await replay({ images: "some images", rows: [row] }, sources);
  assert.match(uncounted?.reason ?? "", /Cannot read "some images" as images/);
});

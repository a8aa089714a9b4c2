import assert from "node:assert/strict";
import { join } from "node:path";
import type { Split } from "../data/dataset.ts";
import { withTemporaryFolder } from "../files/_temporary_folder.ts";
import { findModel } from "../models/registry.ts";
import { readSafetensors } from "../models/safetensors.ts";
import { encodeWeights } from "../models/weights.ts";
import { random } from "../random/random.ts";
import { decodeOutcomes, encodeOutcomes } from "../statistics/outcome_bits.ts";
import { type AdversarialImage, adversarialImages, encodeAdversarialImages } from "./adversarial_images.ts";
import { type AttackedImages, evaluateInto } from "./evaluate_into.ts";
import type { EvaluateOptions } from "./evaluate_weights.ts";
import { encodeChunk, type OutcomeChunk } from "./outcome_store.ts";

/** Six images of two pixels; the byte of both is ten times the position, the class is the position's parity. */
const split: Split = {
  name: "test",
  images: Uint8Array.from({ length: 12 }, (_, i) => 10 * (i >> 1)),
  labels: Uint8Array.of(0, 1, 0, 1, 0, 1),
  ids: Uint32Array.from({ length: 6 }, (_, i) => 60 + i),
};

/** Outcomes and answers by position; an image that fools has pixels of its position and a tenth more. */
function chunkOf(rows: readonly (readonly [position: number, outcome: 0 | 1, predicted: number])[]): OutcomeChunk {
  return {
    positions: Uint32Array.from(rows, ([position]) => position),
    outcomes: Float64Array.from(rows, ([, outcome]) => outcome),
    predicted: Int32Array.from(rows, ([, , predicted]) => predicted),
    images: Float32Array.from(
      rows.filter(([, outcome]) => outcome === 0).flatMap(([position]) => [position, position + 0.5]),
    ),
    ...{ maxPerturbation: 0, violations: 0, seconds: 0 },
  };
}

/** Image 4 is misclassified without an attack. */
const CLEAN = chunkOf([[3, 1, 1], [4, 0, 1], [5, 1, 1], [0, 1, 0], [1, 1, 1], [2, 1, 0]]);

async function imagesOf(
  sweeps: readonly (readonly [string, OutcomeChunk])[],
  attack: string,
  correct: readonly number[],
): Promise<AdversarialImage[]> {
  let images: AdversarialImage[] = [];
  await withTemporaryFolder(async (folder) => {
    const files = await Promise.all(sweeps.map(async ([sweep, chunk], i) => {
      const file = join(folder, `${i}.safetensors`);
      await Deno.writeFile(file, encodeChunk(sweep, chunk));
      return file;
    }));
    images = await adversarialImages(files, split, { attack, correctBits: encodeOutcomes(correct), count: 6 });
  });
  return images;
}

Deno.test("adversarialImages() gives an attack's images by position, without those misclassified before it", async () => {
  const sweeps = [
    ["clean", CLEAN],
    ["pgd-5", chunkOf([[5, 0, 7], [0, 1, 0], [4, 0, 3]])],
    ["pgd-50", chunkOf([[0, 0, 9], [1, 0, 9]])],
    ["pgd-5", chunkOf([[1, 1, 1], [2, 0, 8], [3, 1, 1]])],
    ["curve/pgd-5/0.1", chunkOf([[0, 0, 9]])],
  ] as const;
  assert.deepEqual(await imagesOf(sweeps, "pgd-5", [1, 1, 0, 1, 0, 0]), [
    {
      ...{ position: 2, label: 0, predictedClean: 0, predictedAdversarial: 8 },
      clean: Float32Array.of(20 / 255, 20 / 255),
      adversarial: Float32Array.of(2, 2.5),
    },
    {
      ...{ position: 5, label: 1, predictedClean: 1, predictedAdversarial: 7 },
      clean: Float32Array.of(50 / 255, 50 / 255),
      adversarial: Float32Array.of(5, 5.5),
    },
  ]);
});

Deno.test("adversarialImages() gathers what the stages of an ensemble found, but for what was refuted at the end", async () => {
  const sweeps = [
    ["clean", CLEAN],
    ["both/1-fgsm", chunkOf([[0, 0, 3], [1, 1, 1], [2, 0, 4], [3, 1, 1], [5, 1, 1]])],
    ["both/2-square", chunkOf([[1, 0, 5], [3, 1, 1], [5, 1, 1]])],
  ] as const;
  const found = await imagesOf(sweeps, "both", [0, 0, 1, 1, 0, 1]);
  assert.deepEqual(found.map((image) => [image.position, image.predictedAdversarial]), [[0, 3], [1, 5]]);
});

Deno.test("encodeAdversarialImages() writes no images as a file that can be read", () => {
  const { tensors } = readSafetensors(encodeAdversarialImages([], [8, 8, 3], {}), "none");
  assert.deepEqual(tensors.get("adversarial")!.shape, [0, 8, 8, 3]);
  assert.deepEqual(tensors.get("label")!.shape, [0]);
});

const net = findModel("tiny-cnn").create({ height: 8, width: 8, channels: 1, classes: 3 });
const options: EvaluateOptions = {
  weights: encodeWeights(net, net.initialize((name) => random(3, name))),
  source: "tiny.safetensors",
  data: { name: "synthetic", options: { shape: [8, 8, 1], classes: 3, train: 1, validation: 10, final: 40 } },
  split: "final",
  threat: { norm: "linf", epsilon: 0.1 },
  attacks: [{ name: "pgd-3", options: {} }, { name: "autoattack-custom", options: { attacks: "apgd-ce+apgd-dlr" } }],
  ...{ batch: 7, seed: 0, cache: "unused" },
};

Deno.test("evaluateInto() saves the images that its record counts as fooled, each with its labels and inside the ball", () =>
  withTemporaryFolder(async (folder) => {
    const out = join(folder, "out"), given = new Map<string, AttackedImages>();
    const onImages = (images: AttackedImages) => Promise.resolve(void given.set(images.key, images));
    const { signal } = new AbortController();
    const ended = await evaluateInto({ engine: "cpu" }, options, { out, onImages }, () => {}, signal);
    assert.ok(ended.status === "complete");
    const { record } = ended, clean = decodeOutcomes(record.clean.correctBits!, 40);
    assert.equal(record.robust.length, 2);
    for (const { attack, correctBits } of record.robust) {
      const correct = decodeOutcomes(correctBits!, 40);
      const fooled = Array.from(correct, (_, i) => i).filter((i) => clean[i] === 1 && correct[i] === 0);
      assert.ok(fooled.length > 0);
      const file = `adversarial-${attack}.safetensors`;
      const { tensors, metadata } = readSafetensors(await Deno.readFile(join(out, file)), file);
      assert.deepEqual(Object.fromEntries(metadata), {
        ...{ attack: record.attacks[attack]!.label, data: "synthetic", split: "held-out" },
        weightsSha256: record.weightsSha256,
      });
      const numbers = (name: string) => Array.from(tensors.get(name)!.values, Number);
      assert.deepEqual(numbers("position"), fooled);
      assert.deepEqual(given.get(attack)!.images.map(({ position }) => position), fooled);
      assert.deepEqual(numbers("predictedClean"), numbers("label"));
      numbers("predictedAdversarial").forEach((answer, i) => assert.notEqual(answer, numbers("label")[i]));
      for (const name of ["clean", "adversarial"]) assert.deepEqual(tensors.get(name)!.shape, [fooled.length, 8, 8, 1]);
      const original = numbers("clean");
      numbers("adversarial").forEach((value, i) => {
        assert.ok(value >= 0 && value <= 1 && Math.abs(value - original[i]!) <= 0.1 + 2 ** -22);
      });
    }
  }));

/** MNIST (LeCun, Cortes, Burges) from its four original files in the cache folder. The last training images become the
 *  validation split, 5,000 unless asked otherwise; the paper trains on all 60,000. The official test images are the
 *  final split and carry the ids 60,000 to 69,999. @module */

import { join } from "node:path";
import type { Dataset, Split, SplitName } from "./dataset.ts";
import { DataFileError } from "./data_file_error.ts";
import { defineDataset, type LoadPlace } from "./definition.ts";
import { gunzip } from "./gunzip.ts";
import { idxBytes, parseIdx } from "./idx.ts";
import { type IdxFile, type MnistFiles, mnistFiles } from "./mnist_files.ts";
import { integerOption, trainCountOption } from "./options.ts";
import { readChecked } from "./read_checked.ts";
import { subset } from "./batches.ts";

const CLASSES = 10, TRAIN_IMAGES = 60_000;

/** How the training images are cut. */
export interface MnistOptions {
  /** How many of the last training images validate. */
  readonly validation: number;
  /** Use only the first so many training images. */
  readonly trainCount: number | undefined;
}

/** Full MNIST, to be downloaded once. */
export const mnist = defineDataset({
  name: "mnist",
  summary:
    "handwritten digits 28x28, 60,000 to train (the last 5,000 of them validate) and the 10,000 official test images",
  files: mnistFiles,
  options: {
    trainCount: trainCountOption,
    validation: integerOption(
      "how many of the last training images validate; 0 trains on all 60,000 and leaves none for choices",
      { min: 0, max: 59_999, default: 5_000 },
    ),
  },
  trainImages: ({ validation }) => TRAIN_IMAGES - validation,
  load: (options, place) => loadMnist(mnistFiles, options, place),
});

/** Loads MNIST, or another data set in MNIST's four files. */
export async function loadMnist(files: MnistFiles, options: MnistOptions, { cache }: LoadPlace): Promise<Dataset> {
  const folder = join(cache, files.dataset);
  const trainImages = await readIdx(folder, files.trainImages);
  const trainLabels = await readLabels(folder, files.trainLabels);
  const testImages = await readIdx(folder, files.testImages);
  const testLabels = await readLabels(folder, files.testLabels);
  const [, height = 0, width = 0] = files.trainImages.shape;
  const cut = trainLabels.length - options.validation;
  const part = (name: SplitName, from: number, to: number): Split => ({
    name,
    images: trainImages.slice(from * height * width, to * height * width),
    labels: trainLabels.slice(from, to),
    ids: range(from, to),
  });
  const train = part("train", 0, cut);
  return {
    name: files.dataset,
    shape: [height, width, 1],
    classes: CLASSES,
    train: options.trainCount === undefined ? train : subset(train, options.trainCount),
    validation: part("validation", cut, trainLabels.length),
    final: {
      name: "test",
      images: testImages.slice(),
      labels: testLabels.slice(),
      ids: range(trainLabels.length, trainLabels.length + testLabels.length),
    },
  };
}

async function readIdx(folder: string, file: IdxFile): Promise<Uint8Array> {
  const source = join(folder, file.name);
  const packed = await readChecked(source, file, `get it with "yopo-bench data get mnist"`);
  return parseIdx(await gunzip(packed, { source, limit: idxBytes(file.shape) }), { source, shape: file.shape });
}

async function readLabels(folder: string, file: IdxFile): Promise<Uint8Array> {
  const labels = await readIdx(folder, file);
  const wrong = labels.findIndex((label) => label >= CLASSES);
  if (wrong >= 0) {
    const path = join(folder, file.name);
    throw new DataFileError(
      "wrong content",
      `Cannot use "${path}": label ${wrong} is ${labels[wrong]}, expected 0 to 9`,
    );
  }
  return labels;
}

/** from, from + 1, ..., to - 1. */
function range(from: number, to: number): Uint32Array {
  return new Uint32Array(to - from).map((_, i) => from + i);
}

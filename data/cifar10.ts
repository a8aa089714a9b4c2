/** CIFAR-10 (Krizhevsky 2009, "Learning Multiple Layers of Features from Tiny Images") from the six files of its binary
 *  version. The last training images become the validation split, 5,000 unless asked otherwise; the paper trains on all
 *  50,000. The official test images are the final split and carry the ids 50,000 to 59,999. @module */

import { join } from "node:path";
import { type Cifar10Files, cifar10Files, RECORD_BYTES } from "./cifar10_files.ts";
import { DataFileError } from "./data_file_error.ts";
import type { Dataset, Split, SplitName } from "./dataset.ts";
import { type DataFile, defineDataset, type LoadPlace } from "./definition.ts";
import { integerOption, trainCountOption } from "./options.ts";
import { readChecked } from "./read_checked.ts";

const CLASSES = 10, SIDE = 32, PLANE = SIDE * SIDE, PIXELS = 3 * PLANE, TRAIN_IMAGES = imagesIn(cifar10Files.train);

/** How the training images are cut. */
export interface Cifar10Options {
  /** How many of the last training images validate. */
  readonly validation: number;
  /** Use only the first so many training images. */
  readonly trainCount: number | undefined;
}

/** CIFAR-10, to be downloaded once. */
export const cifar10 = defineDataset({
  name: "cifar10",
  summary:
    "colour photographs 32x32 of 10 classes, 50,000 to train (the last 5,000 of them validate) and the 10,000 official test images",
  files: cifar10Files,
  options: {
    trainCount: trainCountOption,
    validation: integerOption(
      "how many of the last training images validate; 0 trains on all 50,000 and leaves none for choices",
      { min: 0, max: TRAIN_IMAGES - 1, default: 5_000 },
    ),
  },
  trainImages: ({ validation }) => TRAIN_IMAGES - validation,
  load: (options, place) => loadCifar10(cifar10Files, options, place),
});

/** Loads the splits from the cache; every one owns its bytes. Training files of which no image is wanted are not read. */
export async function loadCifar10(
  files: Cifar10Files,
  { validation, trainCount }: Cifar10Options,
  { cache }: LoadPlace,
): Promise<Dataset> {
  const folder = join(cache, files.dataset), count = imagesIn(files.train);
  const cut = count - validation, used = trainCount ?? cut;
  if (used > cut) {
    throw new RangeError(`Cannot take the first ${used} images of split "train": it has ${cut}`);
  }
  const train = emptySplit("train", 0, used), held = emptySplit("validation", cut, validation);
  let from = 0;
  for (const file of files.train) {
    const end = from + imagesIn([file]);
    const wanted = [train, held].filter(({ ids }) => ids.length > 0 && ids[0]! < end && ids.at(-1)! >= from);
    if (wanted.length > 0) {
      const records = await readRecords(folder, file);
      for (const split of wanted) unpack(records, from, split);
    }
    from = end;
  }
  const final = emptySplit("test", count, imagesIn([files.test]));
  unpack(await readRecords(folder, files.test), count, final);
  return { name: files.dataset, shape: [SIDE, SIDE, 3], classes: CLASSES, train, validation: held, final };
}

function imagesIn(files: readonly DataFile[]): number {
  return files.reduce((bytes, file) => bytes + file.bytes, 0) / RECORD_BYTES;
}

function emptySplit(name: SplitName, from: number, count: number): Split {
  return {
    name,
    images: new Uint8Array(count * PIXELS),
    labels: new Uint8Array(count),
    ids: new Uint32Array(count).map((_, i) => from + i),
  };
}

/** Copies the file's images that belong to the split, planes of a channel becoming channels of a pixel. */
function unpack(records: Uint8Array, from: number, { ids, images, labels }: Split): void {
  const first = Math.max(from, ids[0]!), end = Math.min(from + records.length / RECORD_BYTES, ids.at(-1)! + 1);
  for (let id = first; id < end; id++) {
    const record = (id - from) * RECORD_BYTES, at = id - ids[0]!;
    labels[at] = records[record]!;
    for (let channel = 0; channel < 3; channel++) {
      const plane = record + 1 + channel * PLANE;
      for (let pixel = 0; pixel < PLANE; pixel++) images[at * PIXELS + 3 * pixel + channel] = records[plane + pixel]!;
    }
  }
}

async function readRecords(folder: string, file: DataFile): Promise<Uint8Array> {
  const path = join(folder, file.name);
  const bytes = await readChecked(path, file, `get it with "yopo-bench data get cifar10"`);
  for (let at = 0; at < bytes.length; at += RECORD_BYTES) {
    const label = bytes[at]!;
    if (label >= CLASSES) {
      const which = `label ${at / RECORD_BYTES} is ${label}`;
      throw new DataFileError("wrong content", `Cannot use "${path}": ${which}, expected 0 to 9`);
    }
  }
  return bytes;
}

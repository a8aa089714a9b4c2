/** Mini-batches as a pure function of split, seed, epoch and step, so that a run resumes at any step. @module */

import { random } from "../random/random.ts";
import { type Augmentation, cropFlip, drawCropFlip, type ImageShape } from "./augment.ts";
import type { Batch, Split } from "./dataset.ts";

/** Which epoch, and how it is cut. */
export interface EpochOptions {
  /** The run's seed, 0..2^32-1. */
  readonly seed: number;
  /** Counts from 0. */
  readonly epoch: number;
  /** Images in every batch but the last. */
  readonly batchSize: number;
  /** Whether each epoch draws an order of its own; index order otherwise. @default true */
  readonly shuffle?: boolean;
  /** First step to give, 0 to the number of steps. @default 0 */
  readonly startStep?: number;
  /** @default no augmentation */
  readonly augment?: AugmentOptions;
}

/** How training images are changed. */
export interface AugmentOptions {
  readonly augmentation: Augmentation;
  readonly shape: ImageShape;
}

/** Batches over several epochs: which, in which order. */
export interface BatchCourse {
  readonly split: Split;
  readonly seed: number;
  readonly batchSize: number;
  /** @default no augmentation */
  readonly augment?: AugmentOptions;
  /** The first epoch, from 0, and the step in it to begin with. */
  readonly epochs: { readonly first: number; readonly startStep: number };
  /** Batches in all. */
  readonly batches: number;
}

/** A batch and its place. */
export interface PlacedBatch {
  readonly batch: Batch;
  /** Both from 0; the step counts within the epoch. */
  readonly epoch: number;
  readonly step: number;
}

/** Pixel values 0..255 as float32 in 0..1. */
const unit = Float32Array.from({ length: 256 }, (_, byte) => byte / 255);

/** Batches in an epoch of `count` images, the partial last one included. */
export function stepsPerEpoch(count: number, batchSize: number): number {
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new RangeError(`Cannot make batches of size ${batchSize}: it must be an integer of at least 1`);
  }
  return Math.ceil(count / batchSize);
}

/** The order in which an epoch visits the images of a split. */
export function epochOrder(
  count: number,
  { seed, epoch, shuffle = true }: Omit<EpochOptions, "batchSize">,
): Uint32Array {
  if (shuffle) return random(seed, "order", epoch).permutation(count);
  return new Uint32Array(count).map((_, i) => i);
}

/**
 * Batches of one epoch, each image once; the last batch may be smaller.
 *
 * @throws {RangeError} When the batch size or the first step is out of range.
 * @throws {TypeError} When images are to be cropped in another shape than they have.
 */
export function* epochBatches(split: Split, options: EpochOptions): Generator<Batch, void, undefined> {
  const { batchSize, startStep = 0 } = options;
  const steps = stepsPerEpoch(split.labels.length, batchSize);
  if (!Number.isInteger(startStep) || startStep < 0 || startStep > steps) {
    throw new RangeError(`Cannot start an epoch at step ${startStep}: expected an integer from 0 to ${steps}`);
  }
  const order = epochOrder(split.labels.length, options), read = augmented(split, options);
  for (let step = startStep; step < steps; step++) {
    yield batch(split, order.subarray(step * batchSize, (step + 1) * batchSize), read);
  }
}

/**
 * The batches of {@linkcode epochBatches}, epoch after epoch.
 *
 * @throws {RangeError} When the split is empty, or as epochBatches does.
 */
export function* courseBatches(
  { split, epochs, batches: total, ...options }: BatchCourse,
): Generator<PlacedBatch, void, undefined> {
  if (split.labels.length === 0) throw new RangeError(`split "${split.name}" is empty`);
  let given = 0;
  for (let epoch = epochs.first; given < total; epoch++) {
    const startStep = epoch === epochs.first ? epochs.startStep : 0;
    let step = startStep;
    for (const batch of epochBatches(split, { ...options, epoch, startStep })) {
      yield { batch, epoch, step: step++ };
      if (++given === total) return;
    }
  }
}

/** Gives the bytes of the image at a position in a split; they hold until the next is asked for. */
type ImageReader = (index: number) => Uint8Array;

function plain(split: Split): ImageReader {
  const size = imageBytes(split);
  return (index) => split.images.subarray(index * size, (index + 1) * size);
}

/** The images as an epoch changes them. */
function augmented(split: Split, { augment, seed, epoch }: EpochOptions): ImageReader {
  const read = plain(split);
  if (augment === undefined || augment.augmentation === "none") return read;
  const size = imageBytes(split), [height, width, channels] = augment.shape;
  if (size !== 0 && size !== height * width * channels) {
    throw new TypeError(`Cannot crop images of ${size} bytes as [${augment.shape}]: the shape must have as many`);
  }
  const changed = new Uint8Array(size);
  return (index) => {
    cropFlip(read(index), augment.shape, drawCropFlip(seed, epoch, split.ids[index]!), changed);
    return changed;
  };
}

/** Bytes of one image, 0 where there is none. */
function imageBytes({ images, labels }: Split): number {
  return labels.length === 0 ? 0 : images.length / labels.length;
}

/**
 * The images at `indices` (positions in the split, not ids), as `read` gives them.
 *
 * @throws {RangeError} When an index is not a position in the split.
 */
export function batch(split: Split, indices: ArrayLike<number>, read: ImageReader = plain(split)): Batch {
  const count = indices.length, available = split.labels.length, size = imageBytes(split);
  const made = { x: new Float32Array(count * size), y: new Int32Array(count), ids: new Uint32Array(count), count };
  for (let i = 0; i < count; i++) {
    const index = indices[i]!;
    if (!Number.isInteger(index) || index < 0 || index >= available) {
      throw new RangeError(`Cannot take image ${index} of split "${split.name}": it has ${available} images`);
    }
    const image = read(index);
    for (let j = 0; j < size; j++) made.x[i * size + j] = unit[image[j]!]!;
    made.y[i] = split.labels[index]!;
    made.ids[i] = split.ids[index]!;
  }
  return made;
}

/**
 * The first `count` images of a split, with bytes of their own.
 *
 * @throws {RangeError} When the split has fewer.
 */
export function subset(split: Split, count: number): Split {
  const available = split.labels.length;
  if (!Number.isInteger(count) || count < 0 || count > available) {
    throw new RangeError(`Cannot take the first ${count} images of split "${split.name}": it has ${available}`);
  }
  // slice, not subarray: a view sent to a worker would carry the whole buffer along
  return {
    name: split.name,
    images: split.images.slice(0, count * imageBytes(split)),
    labels: split.labels.slice(0, count),
    ids: split.ids.slice(0, count),
  };
}

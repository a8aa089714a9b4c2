/** Random changes of training images, made on the bytes before they are scaled. "crop-flip" pads by 4 zero pixels, crops back
 *  to size at a random place and mirrors half of the time, as all CIFAR-10 recipes of the paper's code do. What an image gets
 *  is a pure function of seed, epoch and the image's id, never of the batch it is in. @module */

import { random } from "../random/random.ts";

/** Names that suites use; "none" leaves every image as it is. */
export type Augmentation = "none" | "crop-flip";

/** `[height, width, channels]` of one image. */
export type ImageShape = readonly [height: number, width: number, channels: number];

/** Zero pixels put on each side. */
export const PADDING = 4;

/** How one image is cropped and mirrored. */
export interface CropFlip {
  /** First row of the crop in the padded image, 0..8; 4 keeps the image in place. */
  readonly top: number;
  /** First column, likewise. */
  readonly left: number;
  /** Whether left and right change places, after the crop. */
  readonly mirrored: boolean;
}

/** What image `id` gets in an epoch. */
export function drawCropFlip(seed: number, epoch: number, id: number): CropFlip {
  const stream = random(seed, "augment", epoch, id);
  const top = stream.integer(2 * PADDING + 1), left = stream.integer(2 * PADDING + 1);
  return { top, left, mirrored: stream.integer(2) === 1 };
}

/** Writes the cropped and mirrored `image` into `target`; both are `[height, width, channels]`, uint8. */
export function cropFlip(image: Uint8Array, shape: ImageShape, drawn: CropFlip, target: Uint8Array): void {
  const [height, width, channels] = shape, { top, left, mirrored } = drawn;
  for (let y = 0, to = 0; y < height; y++) {
    const sourceY = y + top - PADDING, inside = 0 <= sourceY && sourceY < height;
    for (let x = 0; x < width; x++) {
      const sourceX = (mirrored ? width - 1 - x : x) + left - PADDING;
      const from = (sourceY * width + sourceX) * channels;
      const isPixel = inside && 0 <= sourceX && sourceX < width;
      for (let channel = 0; channel < channels; channel++) target[to++] = isPixel ? image[from + channel]! : 0;
    }
  }
}

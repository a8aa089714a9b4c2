/** What a data set is to the rest of the program: bytes, labels and names; no tensors. @module */

/** Images of one split, in index order. */
export interface Split {
  /** What the images may be called: the official test set is "test", other unseen images are "held-out". */
  readonly name: SplitName;
  /** uint8 pixels 0..255, `[count, height, width, channels]` row-major. */
  readonly images: Uint8Array;
  /** Class of each image, 0..classes-1. */
  readonly labels: Uint8Array;
  /** Index of each image in its source (unique within the data set); random draws depend on it, never on the batch. */
  readonly ids: Uint32Array;
}

/** The four names a split may have. */
export type SplitName = "train" | "validation" | "held-out" | "test";

/** A loaded data set. Choices and targets use `validation`; `final` is touched once per saved weight file. */
export interface Dataset {
  /** Registry name, such as "mnist-embedded". */
  readonly name: string;
  /** `[height, width, channels]` of one image. */
  readonly shape: readonly [number, number, number];
  /** Labels are 0..classes-1. */
  readonly classes: number;
  /** Images to train on. */
  readonly train: Split;
  /** Images for choices and targets; may be empty. */
  readonly validation: Split;
  /** Images for the last word: named "test" where it is the official test set, else "held-out". */
  readonly final: Split;
}

/** One mini-batch as plain arrays. */
export interface Batch {
  /** float32 pixels in 0..1 (byte/255), `[count, height, width, channels]` row-major. */
  readonly x: Float32Array;
  /** Labels, `[count]`. */
  readonly y: Int32Array;
  /** Source indices, `[count]`. */
  readonly ids: Uint32Array;
  /** Images in the batch. */
  readonly count: number;
}

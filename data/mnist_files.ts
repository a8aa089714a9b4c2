/** MNIST's four original files: names, sizes and hashes, and where they are published. @module */

import type { DataFile, DatasetFiles } from "./definition.ts";

/** A gzip file of unsigned bytes in the IDX format. */
export interface IdxFile extends DataFile {
  /** Sizes in the header of the unpacked file. */
  readonly shape: readonly number[];
}

/** The four files by their part. */
export interface MnistFiles extends DatasetFiles {
  readonly trainImages: IdxFile;
  readonly trainLabels: IdxFile;
  readonly testImages: IdxFile;
  readonly testLabels: IdxFile;
}

const trainImages: IdxFile = {
  name: "train-images-idx3-ubyte.gz",
  bytes: 9_912_422,
  sha256: "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
  shape: [60_000, 28, 28],
};

const trainLabels: IdxFile = {
  name: "train-labels-idx1-ubyte.gz",
  bytes: 28_881,
  sha256: "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
  shape: [60_000],
};

const testImages: IdxFile = {
  name: "t10k-images-idx3-ubyte.gz",
  bytes: 1_648_877,
  sha256: "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
  shape: [10_000, 28, 28],
};

const testLabels: IdxFile = {
  name: "t10k-labels-idx1-ubyte.gz",
  bytes: 4_542,
  sha256: "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
  shape: [10_000],
};

/** The originals. */
export const mnistFiles: MnistFiles = {
  dataset: "mnist",
  mirrors: [
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
  ],
  files: [trainImages, trainLabels, testImages, testLabels],
  trainImages,
  trainLabels,
  testImages,
  testLabels,
};

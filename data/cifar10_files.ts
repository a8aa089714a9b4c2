/** CIFAR-10's binary version: names, sizes and hashes of the six files in the published archive (Krizhevsky 2009). The
 *  archive itself may be packed in more than one way; its files are what is checked. @module */

import type { DataFile, DatasetFiles } from "./definition.ts";

/** Bytes of one record: a label, then 32x32 pixels of red, of green and of blue. */
export const RECORD_BYTES = 1 + 3 * 32 * 32;

/** The files of the original, or of a small data set in the same layout. */
export interface Cifar10Files extends DatasetFiles {
  /** The training files in order, whole records each. */
  readonly train: readonly DataFile[];
  readonly test: DataFile;
}

const file = (name: string, sha256: string): DataFile => ({ name, bytes: 10_000 * RECORD_BYTES, sha256 });

const train: readonly DataFile[] = [
  file("data_batch_1.bin", "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5"),
  file("data_batch_2.bin", "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed"),
  file("data_batch_3.bin", "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67"),
  file("data_batch_4.bin", "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48"),
  file("data_batch_5.bin", "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add"),
];

const test = file("test_batch.bin", "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b");

/** The originals. */
export const cifar10Files: Cifar10Files = {
  dataset: "cifar10",
  mirrors: ["https://www.cs.toronto.edu/~kriz/"],
  archive: { name: "cifar-10-binary.tar.gz", bytes: 170_052_171, folder: "cifar-10-batches-bin" },
  files: [...train, test],
  train,
  test,
};

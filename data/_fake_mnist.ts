/** A data set in MNIST's four files but small enough for tests, and bad versions of its files. @module */

import { gzipSync } from "node:zlib";
import { sha256 } from "./hash.ts";
import type { IdxFile, MnistFiles } from "./mnist_files.ts";

export interface FakeMnist {
  readonly set: MnistFiles;
  /** The packed files by name. */
  readonly contents: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
}

/** An IDX file of unsigned bytes, unpacked. */
export function idx(shape: readonly number[], elements: ArrayLike<number>): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(4 + 4 * shape.length + elements.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x0800 | shape.length);
  shape.forEach((size, axis) => view.setUint32(4 + 4 * axis, size));
  bytes.set(elements, 4 + 4 * shape.length);
  return bytes;
}

/** What the files hold when a test does not say otherwise: 12 training and 4 test images of 2x3 pixels. */
export const trainPixels = Uint8Array.from({ length: 12 * 6 }, (_, i) => i);
export const testPixels = Uint8Array.from({ length: 4 * 6 }, (_, i) => 200 + i);
export const trainLabels = Uint8Array.from({ length: 12 }, (_, i) => i % 10);
export const testLabels = Uint8Array.of(3, 1, 4, 1);

/** @param unpacked Replacements for unpacked files, by name; their hashes count as the original ones. */
export function fakeMnist(
  unpacked: Readonly<Record<string, Uint8Array>> = {},
  mirrors: readonly string[] = [],
): FakeMnist {
  const contents = new Map<string, Uint8Array<ArrayBuffer>>();
  const file = (name: string, shape: readonly number[], elements: Uint8Array): IdxFile => {
    const packed = new Uint8Array(gzipSync(unpacked[name] ?? idx(shape, elements)));
    contents.set(name, packed);
    return { name, bytes: packed.length, sha256: sha256(packed), shape };
  };
  const parts = {
    trainImages: file("train-images.gz", [12, 2, 3], trainPixels),
    trainLabels: file("train-labels.gz", [12], trainLabels),
    testImages: file("test-images.gz", [4, 2, 3], testPixels),
    testLabels: file("test-labels.gz", [4], testLabels),
  };
  return { set: { dataset: "fake", mirrors, files: Object.values(parts), ...parts }, contents };
}

/** Writes the files of `fake` into `folder`, some of them as `replaced` says. */
export async function writeFiles(
  { contents }: FakeMnist,
  folder: string,
  replaced: Readonly<Record<string, Uint8Array>> = {},
): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  for (const [name, bytes] of contents) await Deno.writeFile(`${folder}/${name}`, replaced[name] ?? bytes);
}

/** Runs `body` with a folder that is removed afterwards. */
export async function withFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "yopo-bench-" });
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Names in a folder, sorted. */
export async function namesIn(folder: string): Promise<string[]> {
  const names = await Array.fromAsync(Deno.readDir(folder), (entry) => entry.name);
  return names.sort();
}

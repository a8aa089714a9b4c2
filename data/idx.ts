/** IDX, the file format of MNIST (described on its home page, yann.lecun.com/exdb/mnist): two zero bytes, the type of
 *  an element (8 for unsigned bytes), the number of dimensions, each dimension's size as a 32-bit big-endian word, then
 *  the elements row-major. @module */

import { DataFileError } from "./data_file_error.ts";

const UNSIGNED_BYTE = 0x08;

/** What is expected inside. */
export interface IdxOptions {
  /** The sizes that the header must state. */
  readonly shape: readonly number[];
  /** The file's path or name, for messages. */
  readonly source: string;
}

/** Length in bytes of an IDX file of unsigned bytes. */
export function idxBytes(shape: readonly number[]): number {
  return headerBytes(shape) + shape.reduce((product, size) => product * size, 1);
}

/**
 * The elements of an IDX file of unsigned bytes, as a view into `bytes`; nothing is allocated by what the header says.
 *
 * @throws {DataFileError} When the header is not the one of `shape` or the file's length is another.
 */
export function parseIdx(bytes: Uint8Array, { shape, source }: IdxOptions): Uint8Array {
  const bad = (reason: string) => new DataFileError("wrong content", `Cannot read "${source}" as IDX: ${reason}`);
  const header = headerBytes(shape);
  if (bytes.length < header) throw bad(`it has ${bytes.length} bytes, its header alone needs ${header}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = view.getUint32(0), expectedMagic = UNSIGNED_BYTE << 8 | shape.length;
  if (magic !== expectedMagic) throw bad(`it begins with ${hex(magic)}, expected ${hex(expectedMagic)}`);
  const stated = shape.map((_, axis) => view.getUint32(4 + 4 * axis));
  if (stated.some((size, axis) => size !== shape[axis])) {
    throw bad(`its header states ${stated.join("x")} elements, expected ${shape.join("x")}`);
  }
  if (bytes.length !== idxBytes(shape)) {
    throw bad(`it has ${bytes.length} bytes, ${stated.join("x")} elements need ${idxBytes(shape)}`);
  }
  return bytes.subarray(header);
}

function headerBytes(shape: readonly number[]): number {
  return 4 + 4 * shape.length;
}

function hex(word: number): string {
  return `0x${word.toString(16).padStart(8, "0")}`;
}

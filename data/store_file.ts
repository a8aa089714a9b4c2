/** Writes a file whole or not at all: into a new file beside it, checked and synced, then renamed. @module */

import { createHash } from "node:crypto";
import { DataFileError, explainFileError } from "./data_file_error.ts";
import type { DataFile } from "./definition.ts";

/** The part of an open file that is needed; tests put a full disk in its place. */
export type WritableFile = Pick<Deno.FsFile, "write" | "sync" | "close">;

/** Who watches; where to. */
export interface StoreOptions {
  /** Called after each piece with the bytes written so far. */
  readonly onBytes?: (bytes: number) => void;
  /** @default Deno.open */
  readonly open?: (path: string, options: Deno.OpenOptions) => Promise<WritableFile>;
}

/**
 * Stores what `source` gives as `path` if it is exactly `file`; on any failure nothing is left and an older file stays.
 *
 * @throws {DataFileError} "wrong size" or "wrong hash" when the source gave something else, another problem when the
 * disk refused. What the source throws passes unchanged.
 */
export async function storeFile(
  path: string,
  file: DataFile,
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: StoreOptions = {},
): Promise<void> {
  const partial = `${path}.${crypto.randomUUID()}.partial`;
  const { open = Deno.open } = options;
  const output = await onDisk(path, () => open(partial, { write: true, createNew: true }));
  try {
    try {
      await writeChecked(output, path, file, source, options);
    } finally {
      output.close();
    }
    await onDisk(path, () => Deno.rename(partial, path));
  } catch (error) {
    // whatever hinders the removal, the first failure is the one to tell
    await Deno.remove(partial).catch(() => {});
    throw error;
  }
}

async function writeChecked(
  output: WritableFile,
  path: string,
  file: DataFile,
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  { onBytes }: StoreOptions,
): Promise<void> {
  const hash = createHash("sha256");
  let received = 0;
  for await (const piece of source) {
    received += piece.length;
    if (received > file.bytes) {
      throw new DataFileError("wrong size", `more than the original's ${file.bytes} bytes came`);
    }
    hash.update(piece);
    await onDisk(path, () => writeAll(output, piece));
    onBytes?.(received);
  }
  if (received < file.bytes) throw new DataFileError("wrong size", `it ended after ${received} of ${file.bytes} bytes`);
  if (hash.digest("hex") !== file.sha256) throw new DataFileError("wrong hash", "its SHA-256 is not the original's");
  await onDisk(path, () => output.sync());
}

async function writeAll(output: WritableFile, piece: Uint8Array): Promise<void> {
  for (let written = 0; written < piece.length;) written += await output.write(piece.subarray(written));
}

async function onDisk<Value>(path: string, operation: () => Promise<Value>): Promise<Value> {
  try {
    return await operation();
  } catch (error) {
    throw explainFileError(error, { action: "write", path });
  }
}

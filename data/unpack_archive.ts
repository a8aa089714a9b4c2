/** Takes the files of a data set out of its published archive, a gzip-packed tar, as it streams in. Members are told by
 *  their names; only those that the data set lists are kept, under the names that the list has. @module */

import { DataFileError } from "./data_file_error.ts";
import type { DataFile, DatasetFiles } from "./definition.ts";
import { storeFile, type StoreOptions } from "./store_file.ts";
import { tarMembers } from "./tar.ts";

/** The archive is unpacked in pieces of so much at most, because one may become a thousand times its size at once. */
const PIECE_BYTES = 16 * 1024;

/** What to unpack, and where to. */
export interface Unpacking {
  readonly set: DatasetFiles;
  /** The files that are wanted; the others are passed over. */
  readonly wanted: readonly DataFile[];
  /** Where a file is stored. */
  readonly pathOf: (file: DataFile) => string;
  /** What the archive is, for messages: its path or address. */
  readonly source: string;
  readonly open?: StoreOptions["open"];
}

/**
 * Stores the wanted files; each is whole and right, or absent.
 *
 * @throws {DataFileError} When the archive is damaged, cut off, or does not hold a wanted file as it was published; or when
 * the disk refuses. What `packed` throws passes unchanged.
 */
export async function unpackArchive(packed: AsyncIterable<Uint8Array>, unpacking: Unpacking): Promise<void> {
  const { set, wanted, pathOf, source, open } = unpacking;
  const missing = new Map(wanted.map((file) => [`${set.archive!.folder}/${file.name}`, file]));
  const failures = new Failures(packed);
  const unpacked = ReadableStream.from(failures.watch()).pipeThrough(new DecompressionStream("gzip"));
  const bad = (reason: string, cause?: unknown) =>
    new DataFileError("wrong content", `Cannot unpack "${source}": ${reason}`, { cause });
  try {
    for await (const { name: written, body } of tarMembers(unpacked)) {
      const name = written.replace(/^(\.\/)+/, ""), file = missing.get(name); // "./" is how tar -C packs a folder
      if (file === undefined) continue;
      await storeFile(pathOf(file), file, body, open ? { open } : {}).catch((error: unknown) => {
        throw isMembersFault(error) ? bad(`${file.name} in it is not the original: ${error.message}`, error) : error;
      });
      missing.delete(name);
      if (missing.size === 0) break;
    }
  } catch (error) {
    failures.rethrow();
    if (error instanceof SyntaxError) throw bad(error.message, error);
    if (error instanceof TypeError) throw bad("its gzip data is cut off or damaged, or it is no gzip file", error);
    throw error;
  }
  const [first] = missing.keys();
  if (first !== undefined) throw bad(`it does not hold ${first}`);
}

function isMembersFault(error: unknown): error is DataFileError {
  return error instanceof DataFileError && ["wrong size", "wrong hash"].includes(error.problem);
}

/** A source, in small pieces, whose own failure can be told from what its bytes make others throw. */
class Failures {
  #source: AsyncIterable<Uint8Array>;
  #failure: { readonly error: unknown } | undefined;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source;
  }

  async *watch(): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
    try {
      for await (const piece of this.#source) {
        for (let at = 0; at < piece.length; at += PIECE_BYTES) {
          yield piece.subarray(at, at + PIECE_BYTES) as Uint8Array<ArrayBuffer>;
        }
      }
    } catch (error) {
      this.#failure = { error };
      throw error;
    }
  }

  /** @throws What the source threw, if it did. */
  rethrow(): void {
    if (this.#failure) throw this.#failure.error;
  }
}

/** Reads a file only if it is the original, byte for byte. @module */

import { DataFileError, explainFileError } from "./data_file_error.ts";
import type { DataFile } from "./definition.ts";
import { sha256 } from "./hash.ts";

/**
 * The bytes of `file` at `path`. The size is compared before anything is read, so memory is bounded by `file.bytes`.
 *
 * @param advice What to do about a missing or wrong file, the end of the message.
 * @throws {DataFileError} When it is missing, not a file, not readable, or has another size or hash.
 */
export async function readChecked(path: string, file: DataFile, advice: string): Promise<Uint8Array> {
  const bytes = await readOfSize(path, file.bytes, advice);
  const hash = sha256(bytes);
  if (hash !== file.sha256) {
    throw new DataFileError(
      "wrong hash",
      `Cannot use "${path}": its SHA-256 begins with ${hash.slice(0, 8)}, the original's with ${
        file.sha256.slice(0, 8)
      }; ${advice}`,
    );
  }
  return bytes;
}

async function readOfSize(path: string, size: number, advice: string): Promise<Uint8Array> {
  try {
    const found = await Deno.stat(path);
    // a pipe or a device would have no end
    if (!found.isFile) {
      const kind = found.isDirectory ? "a folder" : "a device or pipe";
      throw new DataFileError("not a file", `Cannot read "${path}": it is ${kind}, not a file; move it away`);
    }
    if (found.size !== size) {
      const wrong = found.size < size ? "cut off or another file" : "another file";
      throw new DataFileError(
        "wrong size",
        `Cannot use "${path}": it has ${found.size} bytes, the original ${size}, so it is ${wrong}; ${advice}`,
      );
    }
    return await Deno.readFile(path);
  } catch (error) {
    throw explainFileError(error, { action: "read", path, advice });
  }
}

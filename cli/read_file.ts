/** Reading a file that the user named. @module */

import { UsageError } from "../bench/usage_error.ts";

/** 1 GiB: far above what this program writes, and below what would fill the memory. */
const MOST_BYTES = 2 ** 30;

/** The bytes of a regular file; a pipe or a device might never end. @throws {UsageError} One line: what `what` is at `path`, and what to do. */
export async function readBytes(path: string, what: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const { isFile, isDirectory, size } = await Deno.stat(path);
    if (!isFile && !isDirectory) throw new TypeError("it is no regular file");
    if (size > MOST_BYTES) throw new RangeError(`it has ${size} bytes, and at most ${MOST_BYTES} are read`);
    return await Deno.readFile(path);
  } catch (error) {
    throw new UsageError(`Cannot read ${what} "${path}": ${reason(error)}`, { cause: error });
  }
}

function reason(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "there is no such file";
  if (error instanceof Deno.errors.IsADirectory) return "it is a folder; name the file in it";
  if (error instanceof Deno.errors.NotCapable) return "it is no regular file of yours";
  if (error instanceof Deno.errors.PermissionDenied) return "the system does not permit it";
  return error instanceof Error ? error.message : String(error);
}

/** Unpacks gzip (RFC 1952) into memory that the caller bounds. @module */

import { DataFileError } from "./data_file_error.ts";

/** Input is fed in pieces, because one piece may unpack to a thousand times its size before the limit is looked at. */
const PIECE_BYTES = 16 * 1024;

/** What is expected to come out. */
export interface GunzipOptions {
  /** Most bytes that may come out. */
  readonly limit: number;
  /** The file's path or name, for messages. */
  readonly source: string;
}

/**
 * Unpacks one gzip file.
 *
 * @throws {DataFileError} When `bytes` is not gzip, is cut off or damaged, or holds more than `limit` bytes.
 */
export async function gunzip(bytes: Uint8Array, { limit, source }: GunzipOptions): Promise<Uint8Array> {
  const bad = (reason: string, cause?: unknown) =>
    new DataFileError("wrong content", `Cannot unpack "${source}": ${reason}`, { cause });
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) throw bad("it is not a gzip file");
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of pieces(bytes).pipeThrough(new DecompressionStream("gzip"))) {
      length += chunk.length;
      if (length > limit) throw bad(`it holds more than the ${limit} bytes expected`);
      chunks.push(chunk);
    }
  } catch (error) {
    throw error instanceof DataFileError ? error : bad("its gzip data is cut off or damaged", error);
  }
  return concatenate(chunks, length);
}

function pieces(bytes: Uint8Array): ReadableStream<Uint8Array<ArrayBuffer>> {
  let offset = 0;
  return new ReadableStream({
    pull(controller) {
      if (offset >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(offset, offset += PIECE_BYTES));
    },
  });
}

function concatenate(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.length;
  }
  return whole;
}

/** Brings the original files of a data set into the cache: from public mirrors, or from disk. @module */

import { basename, join } from "node:path";
import { DataFileError, explainFileError, firstLine } from "./data_file_error.ts";
import type { DataFile, DatasetFiles } from "./definition.ts";
import { readChecked } from "./read_checked.ts";
import { findDataset } from "./registry.ts";
import { storeFile } from "./store_file.ts";

/** How far one file is. */
export interface DownloadProgress {
  /** Its name. */
  readonly file: string;
  /** Position of the file among those of the data set, from 1. */
  readonly fileNumber: number;
  /** Files of the data set. */
  readonly fileCount: number;
  /** Begins again from 0 when another mirror is tried. */
  readonly receivedBytes: number;
  /** The file's size. */
  readonly totalBytes: number;
}

/** Where to, where from, and who watches. */
export interface GetOptions {
  /** The cache folder; it is made where it is missing. */
  readonly cache: string;
  /** One of the original files, or a folder that holds them all, instead of the network. */
  readonly from?: string;
  /** Called after each piece that was written. */
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** Stops the work; the reason of the signal is thrown and nothing half-written is left. */
  readonly signal?: AbortSignal;
  /** A mirror that sends nothing for so long is given up. @default 30 */
  readonly stallSeconds?: number;
}

/** One file that the cache now holds. */
export interface GottenFile {
  /** Its name. */
  readonly file: string;
  /** Where it lies in the cache. */
  readonly path: string;
  /** "cache": it was there and right already. */
  readonly origin: "cache" | "mirror" | "disk";
}

/**
 * Makes sure that the cache holds the files of the data set `name`; one that needs no files gives an empty list. Where
 * `from` is a single file, only this one is brought.
 *
 * @throws {RangeError} When there is no such data set, or `from` is none of its files.
 * @throws {DataFileError} When a file cannot be read or written, or is not the original.
 */
export async function getDataset(name: string, options: GetOptions): Promise<GottenFile[]> {
  const { files } = findDataset(name);
  return files ? await getFiles(files, options) : [];
}

/** `getDataset` for files that need not be registered. */
export async function getFiles(set: DatasetFiles, options: GetOptions): Promise<GottenFile[]> {
  const { cache, from, signal, onProgress } = options;
  const folder = join(cache, set.dataset);
  const sources = from === undefined ? undefined : await filesOnDisk(set, from);
  await makeFolder(folder);
  const gotten: GottenFile[] = [];
  for (const [index, file] of set.files.entries()) {
    signal?.throwIfAborted();
    const source = sources?.get(file.name);
    if (sources && source === undefined) continue;
    const path = join(folder, file.name);
    const onBytes = (receivedBytes: number) =>
      onProgress?.({
        file: file.name,
        fileNumber: index + 1,
        fileCount: set.files.length,
        receivedBytes,
        totalBytes: file.bytes,
      });
    if (await isOriginal(path, file)) {
      gotten.push({ file: file.name, path, origin: "cache" });
    } else if (source !== undefined) {
      const bytes = await readChecked(source, file, `expected the original ${file.name}, still packed`);
      await storeFile(path, file, [bytes], { onBytes });
      gotten.push({ file: file.name, path, origin: "disk" });
    } else {
      await download(set, file, path, { ...options, onBytes });
      gotten.push({ file: file.name, path, origin: "mirror" });
    }
  }
  return gotten;
}

/** Whether the file is there and right; one that is missing or wrong may be replaced, other problems are thrown. */
async function isOriginal(path: string, file: DataFile): Promise<boolean> {
  try {
    await readChecked(path, file, "");
    return true;
  } catch (error) {
    const replaceable = error instanceof DataFileError &&
      ["missing", "wrong size", "wrong hash"].includes(error.problem);
    if (replaceable) return false;
    throw error;
  }
}

/** Where each file lies on disk, by name. */
async function filesOnDisk(set: DatasetFiles, from: string): Promise<Map<string, string>> {
  const names = set.files.map((file) => file.name);
  const found = await Deno.stat(from).catch((error) => {
    const advice = "give the file or folder that holds the data";
    throw explainFileError(error, { action: "read", path: from, folder: from, advice });
  });
  if (found.isDirectory) return new Map(names.map((name) => [name, join(from, name)]));
  if (names.includes(basename(from))) return new Map([[basename(from), from]]);
  throw new RangeError(
    `Cannot take "${from}" as a file of data set "${set.dataset}": expected a folder or one of ${names.join(", ")}`,
  );
}

async function makeFolder(path: string): Promise<void> {
  try {
    await Deno.mkdir(path, { recursive: true });
  } catch (error) {
    throw explainFileError(error, { action: "write", path });
  }
}

interface DownloadOptions extends GetOptions {
  readonly onBytes: (bytes: number) => void;
}

/** Tries the mirrors in turn; only what the mirror did wrong is a reason to try the next. */
async function download(set: DatasetFiles, file: DataFile, path: string, options: DownloadOptions): Promise<void> {
  const failures: string[] = [];
  for (const mirror of set.mirrors) {
    const url = new URL(file.name, mirror);
    try {
      return await storeFile(path, file, fetchPieces(url, options), { onBytes: options.onBytes });
    } catch (error) {
      options.signal?.throwIfAborted();
      if (error instanceof DataFileError && !["wrong size", "wrong hash"].includes(error.problem)) throw error;
      failures.push(`${url.host}: ${failureOf(error, url)}`);
    }
  }
  throw new Error(
    `Cannot download "${file.name}": ${failures.join("; ")}; check the network, or take the file from disk with --from`,
  );
}

async function* fetchPieces(url: URL, { signal, stallSeconds = 30 }: GetOptions): AsyncGenerator<Uint8Array> {
  const stall = new AbortController();
  const giveUp = () => stall.abort(new Error(`nothing came for ${stallSeconds} seconds`));
  let timer = setTimeout(giveUp, 1000 * stallSeconds);
  try {
    // asking for no encoding also keeps Deno from unpacking a .gz file that a mirror labels as one
    const response = await fetch(url, {
      headers: { "accept-encoding": "identity" },
      signal: signal ? AbortSignal.any([signal, stall.signal]) : stall.signal,
    });
    if (!response.ok || !response.body) {
      await response.body?.cancel();
      throw new Error(`it answered HTTP ${response.status}`);
    }
    for await (const piece of response.body) {
      clearTimeout(timer);
      yield piece;
      timer = setTimeout(giveUp, 1000 * stallSeconds);
    }
  } finally {
    clearTimeout(timer);
  }
}

function failureOf(error: unknown, { hostname }: URL): string {
  if (error instanceof Deno.errors.NotCapable) return `Deno was not given access to it; add --allow-net=${hostname}`;
  if (error instanceof TypeError) return `the connection failed (${innerReason(error)})`;
  return firstLine(error);
}

/** Deno's "fetch failed" keeps the reason in its cause, behind "error sending request for url (URL): client error (X): ". */
function innerReason(error: Error): string {
  return firstLine(error.cause ?? error).split("): ").at(-1)!;
}

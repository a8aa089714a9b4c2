/** Brings the original files of a data set into the cache: from public mirrors, or from disk. @module */

import { basename, join } from "node:path";
import { DataFileError, explainFileError, firstLine } from "./data_file_error.ts";
import type { Archive, DataFile, DatasetFiles } from "./definition.ts";
import { readChecked } from "./read_checked.ts";
import { findDataset } from "./registry.ts";
import { storeFile } from "./store_file.ts";
import { unpackArchive } from "./unpack_archive.ts";

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
  /** One of the original files, the archive that holds them, or a folder with either, instead of the network. */
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
 * `from` is one of the files, only this one is brought.
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
  const packed = set.archive && await findArchive(set.archive, from);
  if (packed) return await getFromArchive(set, packed, options);
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
      const expected = set.archive ? `${set.archive.name} or the ${file.name} out of it` : `${file.name}, still packed`;
      const bytes = await readChecked(source, file, `expected the original ${expected}`);
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
  if (found.isDirectory) {
    const folder = set.archive && await isThere(join(from, set.archive.folder)) ? join(from, set.archive.folder) : from;
    return new Map(names.map((name) => [name, join(folder, name)]));
  }
  if (names.includes(basename(from))) return new Map([[basename(from), from]]);
  throw new RangeError(
    `Cannot take "${from}" as a file of data set "${set.dataset}": expected a folder or one of ${
      [...set.archive ? [set.archive.name] : [], ...names].join(", ")
    }`,
  );
}

async function isThere(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

async function makeFolder(path: string): Promise<void> {
  try {
    await Deno.mkdir(path, { recursive: true });
  } catch (error) {
    throw explainFileError(error, { action: "write", path });
  }
}

/** Where a packed data set comes from: the archive that `from` is or holds, or the mirrors; undefined where `from` holds the
 *  files themselves. */
async function findArchive(
  { name }: Archive,
  from: string | undefined,
): Promise<"mirrors" | { path: string } | undefined> {
  if (from === undefined) return "mirrors";
  if (/\.(tar\.gz|tgz)$/.test(from)) return { path: from };
  return await isThere(join(from, name)) ? { path: join(from, name) } : undefined;
}

async function getFromArchive(
  set: DatasetFiles,
  packed: "mirrors" | { path: string },
  options: GetOptions,
): Promise<GottenFile[]> {
  const folder = join(options.cache, set.dataset), pathOf = ({ name }: DataFile) => join(folder, name);
  await makeFolder(folder);
  const wanted: DataFile[] = [];
  for (const file of set.files) if (!await isOriginal(pathOf(file), file)) wanted.push(file);
  const archive = set.archive!;
  const unpack = (pieces: AsyncIterable<Uint8Array>, source: string) =>
    unpackArchive(counted(pieces, archive, options), { set, wanted, pathOf, source });
  if (wanted.length > 0) {
    if (packed === "mirrors") {
      await tryMirrors(set, archive.name, options, (url) => unpack(fetchPieces(url, options), url.href));
    } else {
      await unpack(readPieces(packed.path), packed.path);
    }
  }
  const origin = packed === "mirrors" ? "mirror" : "disk";
  return set.files.map((file) => ({
    file: file.name,
    path: pathOf(file),
    origin: wanted.includes(file) ? origin : "cache",
  }));
}

/** The pieces, with progress told as they pass. */
async function* counted(
  pieces: AsyncIterable<Uint8Array>,
  { name, bytes }: Archive,
  { signal, onProgress }: GetOptions,
): AsyncGenerator<Uint8Array> {
  let receivedBytes = 0;
  for await (const piece of pieces) {
    signal?.throwIfAborted();
    receivedBytes += piece.length;
    // an archive that was packed anew may be larger
    const totalBytes = Math.max(bytes, receivedBytes);
    onProgress?.({ file: name, fileNumber: 1, fileCount: 1, receivedBytes, totalBytes });
    yield piece;
  }
}

async function* readPieces(path: string): AsyncGenerator<Uint8Array> {
  const explain = (error: unknown) =>
    explainFileError(error, { action: "read", path, advice: "give the archive or folder that holds the data" });
  const { isFile } = await Deno.stat(path).catch((error) => {
    throw explain(error);
  });
  if (!isFile) throw new DataFileError("not a file", `Cannot read "${path}": it is not a file`);
  const file = await Deno.open(path).catch((error) => {
    throw explain(error);
  });
  yield* file.readable;
}

interface DownloadOptions extends GetOptions {
  readonly onBytes: (bytes: number) => void;
}

async function download(set: DatasetFiles, file: DataFile, path: string, options: DownloadOptions): Promise<void> {
  const { onBytes } = options;
  await tryMirrors(set, file.name, options, (url) => storeFile(path, file, fetchPieces(url, options), { onBytes }));
}

/** Tries the mirrors in turn; only what the mirror did wrong is a reason to try the next. */
async function tryMirrors(
  { mirrors }: DatasetFiles,
  name: string,
  { signal }: GetOptions,
  take: (url: URL) => Promise<void>,
): Promise<void> {
  const failures: string[] = [];
  for (const mirror of mirrors) {
    const url = new URL(name, mirror);
    try {
      return await take(url);
    } catch (error) {
      signal?.throwIfAborted();
      const blamed = ["wrong size", "wrong hash", "wrong content"];
      if (error instanceof DataFileError && !blamed.includes(error.problem)) throw error;
      failures.push(`${url.host}: ${failureOf(error, url)}`);
    }
  }
  throw new Error(
    `Cannot download "${name}": ${failures.join("; ")}; check the network, or take the file from disk with --from`,
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

/** What `setup native` leaves behind: a small record that tells without starting anything whether the engine can run and
 *  whether it is up to date. @module */

import { createHash } from "node:crypto";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { bindingPath, cacheOfProcess, libraryPath, recordPath } from "./place.ts";

/** CACHE/native/setup.json. */
export interface SetupRecord {
  readonly schema: "yopo-bench/native@1";
  /** Version of TensorFlow, such as "2.21.0". */
  readonly tensorflow: string;
  /** The folder that holds tensorflow/ with its libraries. */
  readonly folder: string;
  /** Paths of the libraries that the binding is linked to. */
  readonly libraries: readonly string[];
  readonly gpu: boolean;
  /** Whether our operations are compiled in; not against TensorFlow 2.9 of the package's own installer. */
  readonly ownOperations: boolean;
  /** The compiler's first line of --version. */
  readonly compiler: string;
  readonly flags: readonly string[];
  /** SHA-256 of the sources that were compiled. */
  readonly sources: string;
  /** SHA-256 of what was built. */
  readonly binaries: string;
  /** The processor that it was compiled for, null where that may not be asked. */
  readonly cpu: string | null;
  readonly built: string;
}

/** Whether the engine is set up. */
export type SetupState =
  | {
    readonly ready: true;
    readonly record: SetupRecord;
    readonly binding: string;
    /** Whether this process may look whether TensorFlow's libraries are there; with --tensorflow they may lie anywhere. */
    readonly librariesSeen: boolean;
  }
  | { readonly ready: false; readonly reason: string; readonly record: SetupRecord | null };

/** What helps where the engine is not set up. */
export const ADVICE = 'run "yopo-bench setup native"';

const SCHEMA: SetupRecord["schema"] = "yopo-bench/native@1";

/** Source of the small module that loads the rest. */
export const loaderSource = sourcePath("loader.cc");

/** Sources of our operations. */
export const ownSources: readonly string[] = [
  "convolution.cc",
  "convolution.h",
  "convolution_filter_gradient.cc",
  "convolution_narrow.cc",
  "convolution_ops.cc",
  "convolution_tile.h",
  "elementwise.cc",
  "elementwise.h",
  "elementwise_ops.cc",
  "inner_loop.cc",
  "inner_loop.h",
  "input_filter.cc",
  "input_filter.h",
  "input_filter_ops.cc",
  "max_pool.cc",
  "max_pool.h",
  "normalization.cc",
  "normalization.h",
  "normalization_ops.cc",
  "operation.h",
  "vector.h",
  "wide_filter_gradient.cc",
  "wide_filter_gradient.h",
  "winograd.cc",
  "winograd.h",
].map(sourcePath);

function sourcePath(name: string): string {
  return fileURLToPath(new URL(`./ops/${name}`, import.meta.url));
}

/** SHA-256 over names and bytes of our own sources. */
export function hashOwnSources(): Promise<string> {
  return hashFiles([loaderSource, ...ownSources]);
}

/** SHA-256 over names and bytes of the binding. */
export function hashBinaries(cache: string): Promise<string> {
  return hashFiles([bindingPath(cache), libraryPath(cache)]);
}

async function hashFiles(paths: readonly string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const path of paths) {
    hash.update(path.slice(path.lastIndexOf("/"))).update(await Deno.readFile(path));
  }
  return hash.digest("hex");
}

/** Model name of the processor, null where the permission is missing. */
export async function processorName(): Promise<string | null> {
  const { state } = await Deno.permissions.query({ name: "sys", kind: "cpus" });
  return state === "granted" ? cpus()[0]?.model.trim() || null : null;
}

/** What this process's cache folder holds. */
export async function setupOfProcess(): Promise<SetupState> {
  const cache = await cacheOfProcess();
  if (cache !== null) return await readSetup(cache);
  return { ready: false, reason: "this process was told no cache folder", record: null };
}

/** Looks at the record and the files it names. */
export async function readSetup(cache: string): Promise<SetupState> {
  const record = await readRecord(recordPath(cache));
  if (record === null) return { ready: false, reason: "TensorFlow is not set up", record };
  const old = (reason: string): SetupState => ({ ready: false, reason, record });
  if (!await isFile(bindingPath(cache)) || !await isFile(libraryPath(cache))) {
    return old("TensorFlow's binding is missing");
  }
  if (record.sources !== await hashOwnSources()) {
    return old("this program's own operations have changed since TensorFlow's binding was built");
  }
  // a library that was cut short would end the process that opens it
  if (record.binaries !== await hashBinaries(cache)) return old("TensorFlow's binding is damaged");
  const cpu = await processorName();
  if (record.cpu !== null && cpu !== null && record.cpu !== cpu) {
    return old(`TensorFlow's binding was built for another processor, ${record.cpu}`);
  }
  const found = await Promise.all(record.libraries.map(look));
  if (found.includes("missing")) return old(`TensorFlow is no longer in ${JSON.stringify(record.folder)}`);
  return { ready: true, record, binding: bindingPath(cache), librariesSeen: !found.includes("hidden") };
}

/** The record's text for the file. */
export function writeRecord(record: Omit<SetupRecord, "schema">): string {
  return `${JSON.stringify({ schema: SCHEMA, ...record }, null, 2)}\n`;
}

async function readRecord(path: string): Promise<SetupRecord | null> {
  try {
    const record = JSON.parse(await Deno.readTextFile(path));
    return record.schema === SCHEMA ? record : null;
  } catch (error) {
    // A folder that was never made, a file cut short or one that may not be read: not set up.
    if (
      error instanceof Deno.errors.NotFound || error instanceof SyntaxError || error instanceof Deno.errors.NotCapable
    ) {
      return null;
    }
    throw error;
  }
}

async function isFile(path: string): Promise<boolean> {
  return await look(path) === "file";
}

async function look(path: string): Promise<"file" | "missing" | "hidden"> {
  try {
    return (await Deno.stat(path)).isFile ? "file" : "missing";
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return "hidden";
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return "missing";
    throw error;
  }
}

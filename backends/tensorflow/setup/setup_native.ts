/** Everything that `setup native` does: fetch, compile, try, record. Each step is left out where its result is there, so a
 *  setup that was broken off goes on where it was. @module */

import { join } from "node:path";
import { bindingPath, libraryPath, nativeFolder, recordPath, TENSORFLOW_VERSION } from "../place.ts";
import {
  hashBinaries,
  hashOwnSources,
  processorName,
  readSetup,
  type SetupRecord,
  writeRecord,
} from "../setup_record.ts";
import { compileBinding } from "./compile_binding.ts";
import { fetchTensorflow, type Say } from "./fetch_tensorflow.ts";
import { installedVersion } from "./find_tensorflow.ts";
import { describePlatform } from "./platform.ts";
import { type Trial, tryBuild } from "./try_build.ts";
import { findCompiler } from "./tools.ts";
import { fetchUpstream } from "./upstream.ts";

/** What is asked for. */
export interface SetupOptions {
  /** The program's cache folder. */
  readonly cache: string;
  readonly gpu: boolean;
  /** A site-packages folder with TensorFlow, instead of fetching it. */
  readonly tensorflow: string | null;
  /** Where TensorFlow comes from otherwise: PyPI, or the npm package's own installer. */
  readonly from: "pypi" | "upstream";
}

/** What was done. */
export interface Setup extends Trial {
  /** Deleting it undoes everything. */
  readonly folder: string;
  readonly bytes: number;
  readonly compiled: boolean;
}

/** A TensorFlow to compile against. */
interface Source {
  readonly version: string;
  /** What the record names. */
  readonly folder: string;
  readonly include: string;
  readonly libraries: string;
  readonly libraryNames: readonly string[];
  readonly ownOperations: boolean;
}

/** Makes the engine ready. @throws {Error} One plain line: what is missing and how to get it. */
export async function setupNative(options: SetupOptions, say: Say): Promise<Setup> {
  const { cache, gpu } = options;
  const platform = describePlatform();
  if (platform.note !== "") say(`note: ${platform.note}`);
  if (gpu) say("note: the GPU build was not tested by this program's authors so far");
  const compiler = await findCompiler(); // before a long download
  await Deno.mkdir(nativeFolder(cache), { recursive: true });
  const source = await findSource(options, platform.libraries, say);
  const state = await readSetup(cache);
  const current = state.ready && state.record.folder === source.folder && state.record.gpu === gpu &&
    state.record.tensorflow === source.version;
  let seen = current ? await tryCurrent(cache, source, say) : null;
  const compiled = seen === null;
  if (seen === null) {
    await Deno.remove(recordPath(cache)).catch(() => {}); // from here to the end nothing is set up
    const build = { ...source, compiler, platform, module: bindingPath(cache), library: libraryPath(cache) };
    const flags = await compileBinding(build, say);
    seen = await tryBuild(bindingPath(cache), source.ownOperations);
    await putRecord(cache, source, { gpu, compiler: compiler.version, flags });
  }
  return { ...seen, folder: nativeFolder(cache), bytes: await sizeOf(nativeFolder(cache)), compiled };
}

/** What trying the build that is there shows; null where it fails, for example because a file was damaged. */
async function tryCurrent(cache: string, { ownOperations }: Source, say: Say): Promise<Trial | null> {
  try {
    const seen = await tryBuild(bindingPath(cache), ownOperations);
    say("the binding is up to date");
    return seen;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    say("the binding is up to date but fails; compiling it once more");
    return null;
  }
}

async function putRecord(
  cache: string,
  { version, folder, libraries, libraryNames, ownOperations }: Source,
  build: Pick<SetupRecord, "gpu" | "compiler" | "flags">,
): Promise<void> {
  const record = writeRecord({
    tensorflow: version,
    folder,
    libraries: libraryNames.map((name) => join(libraries, name)),
    ownOperations,
    ...build,
    sources: await hashOwnSources(),
    binaries: await hashBinaries(cache),
    cpu: await processorName(),
    built: new Date().toISOString(),
  });
  const partial = `${recordPath(cache)}.partial`;
  await Deno.writeTextFile(partial, record);
  await Deno.rename(partial, recordPath(cache));
}

async function findSource(
  { cache, gpu, tensorflow, from }: SetupOptions,
  libraryNames: readonly string[],
  say: Say,
): Promise<Source> {
  if (from === "upstream") return { ...await fetchUpstream(cache, say), ownOperations: false };
  const folder = tensorflow ?? await fetchTensorflow(cache, gpu, say);
  return {
    version: tensorflow === null ? TENSORFLOW_VERSION : await installedVersion(tensorflow),
    folder,
    include: join(folder, "tensorflow", "include"),
    libraries: join(folder, "tensorflow"),
    libraryNames,
    ownOperations: true,
  };
}

async function sizeOf(folder: string): Promise<number> {
  let bytes = 0;
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    bytes += isDirectory ? await sizeOf(path) : (await Deno.lstat(path)).size;
  }
  return bytes;
}

/** Compiles the package's binding and our operations into one shared library. @module */

import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { loaderSource, ownSources } from "../setup_record.ts";
import type { Say } from "./fetch_tensorflow.ts";
import { compilerReason } from "./compiler_reason.ts";
import { inPartialFolder } from "./partial_folder.ts";
import type { Platform } from "./platform.ts";
import { run, type Tool } from "./tools.ts";

/** What is compiled, against what. */
export interface Build {
  readonly compiler: Tool;
  readonly platform: Platform;
  /** The folder with TensorFlow's include folder, and the one with its libraries. */
  readonly include: string;
  readonly libraries: string;
  /** Names of the libraries to link. */
  readonly libraryNames: readonly string[];
  /** Whether our operations are compiled, which need TensorFlow's C++ headers. */
  readonly ownOperations: boolean;
  /** Where the module and the library go; both are replaced only by whole ones. */
  readonly module: string;
  readonly library: string;
}

/** Flags of every file. Contraction is named because compilers differ in their default. */
const FLAGS = [
  "-O3",
  "-std=c++17",
  "-fPIC",
  "-w",
  "-ffp-contract=fast",
  "-DNAPI_VERSION=8",
  "-DBUILDING_NODE_EXTENSION",
];

/** GCC 12's AVX512-FP16 types and TensorFlow's Eigen do not go together. */
const WITHOUT_FP16 = "-mno-avx512fp16";

/** GCC's driver leaves the compiler proper running when it is killed; with these flags the system ends that one, too. */
const END_TOGETHER = ["-wrapper", "setpriv,--pdeathsig,KILL"];

/** Compiles with as many processes as there are cores, and returns the flags. @throws {Error} When a file does not. */
export async function compileBinding(build: Build, say: Say): Promise<readonly string[]> {
  const { compiler, platform } = build;
  const flags = [...FLAGS, ...await tunedFlags(compiler, platform)];
  const together = (await run(compiler.name, [...END_TOGETHER, ...PROBE]))?.ok ? END_TOGETHER : [];
  const includes = [headers(), bindingFolder(), build.include].flatMap((path) => ["-I", path]);
  const sources = [...await bindingSources(), ...(build.ownOperations ? ownSources : [])];
  const files = sources.filter((path) => path.endsWith(".cc"));
  say(`compiling ${files.length} files with ${compiler.version}`);
  await inPartialFolder(build.library, async (folder) => {
    const start = (args: readonly string[], signal?: AbortSignal) =>
      compile(compiler, [...together, ...args], folder, signal);
    const objects = files.map((path) => join(folder, `${basename(path)}.o`));
    const jobs = files.map((path, i) => ["-c", path, "-o", objects[i]!, ...flags, ...includes]);
    await inParallel(jobs, start);
    const library = join(folder, basename(build.library)), module = join(folder, basename(build.module));
    const libraries = build.libraryNames.map((name) => join(build.libraries, name));
    const paths = [...libraries, `-Wl,-rpath,${build.libraries}`];
    await start(["-shared", "-o", library, ...objects, ...paths, ...platform.linkerFlags]);
    const name = `-DYOPO_LIBRARY="${basename(build.library)}"`;
    await start(["-shared", "-o", module, loaderSource, ...flags, name, ...includes, ...platform.linkerFlags]);
    await Deno.rename(library, build.library);
    await Deno.rename(module, build.module);
  });
  return flags;
}

/** Arguments that try flags on nothing. */
const PROBE = ["-x", "c++", "-E", "/dev/null"];

async function tunedFlags({ name }: Tool, { compilerFlags }: Platform): Promise<readonly string[]> {
  const tuned = [...compilerFlags, WITHOUT_FP16];
  const probe = await run(name, [...tuned, ...PROBE]);
  return probe?.ok ? tuned : compilerFlags;
}

/** The compiler's temporary files go to `folder`, which is removed in the end. */
async function compile({ name }: Tool, args: readonly string[], folder: string, signal?: AbortSignal): Promise<void> {
  const ended = await run(name, args, { env: { TMPDIR: folder }, ...(signal === undefined ? {} : { signal }) });
  if (ended?.ok) return;
  const { reason, diskFull } = compilerReason(ended?.output ?? "");
  const advice = diskFull ? "; free 100 MB there, or set YOPO_BENCH_CACHE to a folder on another disk" : "";
  throw new Error(`Cannot compile TensorFlow's binding: ${name} says ${JSON.stringify(reason)}${advice}`);
}

/** Where a job fails, those that run are ended by the signal and no others begin; the first error is thrown when all
 *  have ended. */
async function inParallel<T>(
  jobs: readonly T[],
  work: (job: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const queue = [...jobs], stop = new AbortController();
  const worker = async () => {
    for (let job = queue.shift(); job !== undefined && !stop.signal.aborted; job = queue.shift()) {
      await work(job, stop.signal).catch((error) => stop.abort(error));
    }
  };
  await Promise.all(Array.from({ length: navigator.hardwareConcurrency }, worker));
  stop.signal.throwIfAborted();
}

/** The package's own C++ sources. */
function bindingFolder(): string {
  return join(packageFolder(), "binding");
}

/** The folder of the package @tensorflow/tfjs-node-gpu. */
export function packageFolder(): string {
  return dirname(fileURLToPath(import.meta.resolve("@tensorflow/tfjs-node-gpu/package.json")));
}

async function bindingSources(): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(bindingFolder())) if (name.endsWith(".cc")) names.push(name);
  return names.sort().map((name) => join(bindingFolder(), name));
}

function headers(): string {
  const { include_dir } = createRequire(import.meta.url)("node-api-headers");
  return include_dir;
}

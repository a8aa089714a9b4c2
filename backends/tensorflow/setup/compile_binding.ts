/** Compiles the package's binding and our operations into one shared library. @module */

import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { loaderSource, ownSources } from "../setup_record.ts";
import type { Say } from "./fetch_tensorflow.ts";
import type { Platform } from "./platform.ts";
import { lastLine, run, type Tool } from "./tools.ts";

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

/** Compiles with as many processes as there are cores, and returns the flags. @throws {Error} When a file does not. */
export async function compileBinding(build: Build, say: Say): Promise<readonly string[]> {
  const { compiler, platform } = build;
  const flags = [...FLAGS, ...await tunedFlags(compiler, platform)];
  const folder = `${build.library}.partial`;
  await Deno.remove(folder, { recursive: true }).catch(() => {});
  await Deno.mkdir(folder, { recursive: true });
  try {
    const sources = [...await bindingSources(), ...(build.ownOperations ? ownSources : [])];
    const files = sources.filter((path) => path.endsWith(".cc"));
    say(`compiling ${files.length} files with ${compiler.version}`);
    const includes = [headers(), bindingFolder(), build.include].flatMap((path) => ["-I", path]);
    const objects = files.map((path) => join(folder, `${basename(path)}.o`));
    const jobs = files.map((path, i) => ["-c", path, "-o", objects[i]!, ...flags, ...includes]);
    await inParallel(jobs, (args) => compile(compiler, args));
    const library = join(folder, basename(build.library)), module = join(folder, basename(build.module));
    const libraries = build.libraryNames.map((name) => join(build.libraries, name));
    const paths = [...libraries, `-Wl,-rpath,${build.libraries}`];
    await compile(compiler, ["-shared", "-o", library, ...objects, ...paths, ...platform.linkerFlags]);
    const name = `-DYOPO_LIBRARY="${basename(build.library)}"`;
    await compile(compiler, [
      "-shared",
      "-o",
      module,
      loaderSource,
      ...flags,
      name,
      ...includes,
      ...platform.linkerFlags,
    ]);
    await Deno.rename(library, build.library);
    await Deno.rename(module, build.module);
  } finally {
    await Deno.remove(folder, { recursive: true }).catch(() => {});
  }
  return flags;
}

async function tunedFlags({ name }: Tool, { compilerFlags }: Platform): Promise<readonly string[]> {
  const tuned = [...compilerFlags, WITHOUT_FP16];
  const probe = await run(name, [...tuned, "-x", "c++", "-E", "/dev/null"]);
  return probe?.ok ? tuned : compilerFlags;
}

async function compile({ name }: Tool, args: readonly string[]): Promise<void> {
  const ended = await run(name, args);
  if (ended?.ok) return;
  const error = ended?.output.split("\n").find((line) => /\b(fatal )?error:/.test(line)) ??
    lastLine(ended?.output ?? "");
  throw new Error(`Cannot compile TensorFlow's binding: ${name} says ${JSON.stringify(error.trim())}`);
}

async function inParallel<T>(jobs: readonly T[], work: (job: T) => Promise<void>): Promise<void> {
  const queue = [...jobs];
  const worker = async () => {
    for (let job = queue.shift(); job !== undefined; job = queue.shift()) await work(job);
  };
  await Promise.all(Array.from({ length: navigator.hardwareConcurrency }, worker));
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

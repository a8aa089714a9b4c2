/** Replays the reference cases of a folder: every *.json is a manifest, and its `case` says how it is replayed. @module */

import { join } from "node:path";
import type { Engine } from "../backends/engine.ts";
import { readSafetensors, type StoredTensor } from "../models/safetensors.ts";
import type { CaseInput, ParityCase, Replayed, TestImages } from "./case.ts";
import { compareFact, compareTensor, type Outcome } from "./compare.ts";
import type { ParityLine } from "./lines.ts";
import { type Manifest, openManifest } from "./manifest.ts";
import { parityCases } from "./registry.ts";

/** A manifest's file, with its manifest or what is wrong with it. */
interface Found {
  readonly file: string;
  /** The manifest's `case`, or null where it states none. */
  readonly kind: string | null;
  read(): Manifest;
}

/** What cases may need that no folder of manifests holds. */
export interface ReplaySources {
  /** MNIST's test images, or undefined where they are not here. @default nothing is here */
  mnistTest?(): Promise<TestImages | undefined>;
}

/**
 * Replays all manifests of a folder, in the order of their file names. What cannot be read or replayed is a FAIL line
 * with its reason; a kind of case that is not known is an unsupported line.
 *
 * @throws {Error} When the folder cannot be read.
 */
export async function* replayFolder(
  folder: string,
  engine: Engine,
  sources: ReplaySources = {},
): AsyncGenerator<ParityLine, void, void> {
  const manifests = await findManifests(folder);
  for (const found of manifests) {
    const kind = found.kind ?? found.file;
    const parityCase = parityCases.find((candidate) => candidate.kind === found.kind);
    if (found.kind !== null && parityCase === undefined) {
      yield { ...failure(kind, "this program replays no such case"), outcome: "unsupported" };
      continue;
    }
    try {
      const source = new Source(folder, { file: found.file, manifest: found.read() }, manifests);
      const replayed = replayCase(parityCase!, source, { engine, sources });
      for await (const outcome of replayed) yield { ...outcome, case: kind };
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      yield failure(kind, error.message);
    }
  }
}

function failure(name: string, reason: string): ParityLine {
  return { outcome: "FAIL", case: name, variant: "-", quantity: "-", error: null, tolerance: null, reason };
}

async function findManifests(folder: string): Promise<Found[]> {
  const files: string[] = [];
  for await (const { name } of Deno.readDir(folder)) if (name.endsWith(".json")) files.push(name);
  return await Promise.all(
    files.sort().map(async (file) => {
      try {
        return { file, ...openManifest(await Deno.readTextFile(join(folder, file))) };
      } catch (error) {
        const read = () => {
          throw error;
        };
        return { file, kind: null, read };
      }
    }),
  );
}

/** Runs one case and compares what comes; then every tensor that nothing touched gets a line of its own. */
async function* replayCase(
  parityCase: ParityCase,
  source: Source,
  { engine, sources }: { readonly engine: Engine; readonly sources: ReplaySources },
): AsyncGenerator<Outcome, void, void> {
  await source.load();
  for await (const replayed of parityCase.replay(source.caseInput(sources), engine)) yield* outcomes(replayed, source);
  for (const quantity of source.untouched()) {
    const reason = "the replay compares nothing with this tensor";
    yield { outcome: "FAIL", variant: "-", quantity, error: null, tolerance: null, reason };
  }
}

function* outcomes(replayed: Replayed, source: Source): Generator<Outcome, void, void> {
  if ("actual" in replayed) {
    yield compareFact(replayed);
  } else if ("quantity" in replayed) {
    yield { ...replayed, outcome: "unsupported", error: null, tolerance: null };
  } else if ("reason" in replayed) {
    const { variant, reason } = replayed;
    for (const quantity of source.names().filter(replayed.tensors)) {
      source.touch(quantity);
      yield { outcome: "unsupported", variant, quantity, error: null, tolerance: null, reason };
    }
  } else {
    for (const name of source.names().filter((candidate) => candidate.split("@")[0] === replayed.tensor)) {
      yield compareTensor(replayed, name, source.touch(name));
    }
  }
}

/** A manifest with its tensors, and which of them were used. */
class Source {
  readonly #folder: string;
  readonly #manifest: Manifest;
  readonly #file: string;
  readonly #all: readonly Found[];
  readonly #touched = new Set<string>();
  #tensors: ReadonlyMap<string, StoredTensor> = new Map();

  constructor(folder: string, found: { file: string; manifest: Manifest }, all: readonly Found[]) {
    this.#folder = folder;
    this.#manifest = found.manifest;
    this.#file = tensorsFile(found);
    this.#all = all;
  }

  /** Reads the tensors, if there are any. @throws {Error} When the file or one of the manifest's tensors is missing or unlike
   *  it. */
  async load(): Promise<void> {
    if (this.#manifest.tensors.length === 0 && this.#manifest.file === undefined) return;
    this.#tensors = await readTensors(this.#folder, this.#file);
    for (const { name, dtype, shape } of this.#manifest.tensors) {
      const stored = this.#tensors.get(name);
      const fail = (why: string) => new TypeError(`Cannot use tensor "${name}" of ${this.#file}: ${why}`);
      if (stored === undefined) throw fail("the manifest lists it, the file does not hold it");
      if (stored.shape.join() !== shape.join()) throw fail(`shape [${stored.shape}], the manifest says [${shape}]`);
      const stated = { float32: "F32", int64: "I64", uint8: "U8" }[dtype];
      if (stored.dtype !== stated) throw fail(`type ${stored.dtype}, the manifest says ${dtype}`);
    }
  }

  names(): string[] {
    return this.#manifest.tensors.map(({ name }) => name);
  }

  untouched(): string[] {
    return this.names().filter((name) => !this.#touched.has(name));
  }

  /** A listed tensor, which counts as used from now on. */
  touch(name: string): StoredTensor {
    const stored = this.#tensors.get(name);
    if (stored === undefined || !this.names().includes(name)) {
      throw new TypeError(`Cannot replay without tensor "${name}": the manifest does not list it`);
    }
    this.#touched.add(name);
    return stored;
  }

  caseInput({ mnistTest }: ReplaySources): CaseInput {
    return {
      manifest: this.#manifest,
      has: (name) => this.names().includes(name),
      input: (name) => this.touch(name),
      weights: async () => {
        const file = this.#manifest.weights?.split(/\s/)[0];
        if (!file) throw new SyntaxError('Cannot replay without weights: the manifest has no "weights"');
        return await readTensors(this.#folder, file);
      },
      mnistTest: async () => await mnistTest?.(),
      sibling: async (kind) => {
        for (const found of this.#all) {
          if (found.kind === kind) {
            return await readTensors(this.#folder, tensorsFile({ ...found, manifest: found.read() }));
          }
        }
      },
    };
  }
}

function tensorsFile({ file, manifest }: { file: string; manifest: Manifest }): string {
  return manifest.file ?? file.replace(/\.json$/, ".safetensors");
}

async function readTensors(folder: string, file: string): Promise<ReadonlyMap<string, StoredTensor>> {
  return readSafetensors(await Deno.readFile(join(folder, file)), file).tensors;
}

/** The folder of one evaluation: what is evaluated there, the outcomes found so far, and the record at the end. The same
 *  evaluation goes on with what it finds; another one is refused. @module */

import { basename, join } from "node:path";
import { atomicWrite } from "../files/atomic_write.ts";
import { explainWrite, writeFailure } from "../files/explain_write.ts";
import { canonicalJson, firstDifference } from "./canonical.ts";
import { hashedText, withoutHash } from "../files/content_hash.ts";
import { type EvaluationRecord, evaluationSchema } from "./evaluation_record.ts";
import { LOCK_FILE, lockFolder } from "./folder_lock.ts";
import { listFolder } from "./output_folder.ts";
import { UsageError } from "./usage_error.ts";

const KEY_FILE = "evaluation-key.json", RECORD_FILE = "evaluation.json", PROGRESS = "progress";

export class EvaluationFolder {
  readonly path: string;
  #lock: Disposable;
  /** Number of the next file of outcomes. */
  #next: number;
  #last: Promise<void> = Promise.resolve();
  #failure = new AbortController();

  private constructor(path: string, lock: Disposable, next: number) {
    this.path = path;
    this.#lock = lock;
    this.#next = next;
  }

  /**
   * Opens or makes the folder for an evaluation.
   *
   * @param key Everything that decides the outcomes, as plain JSON.
   * @throws {UsageError} When it holds another evaluation, or another program is at work in it.
   */
  static async open(path: string, key: unknown): Promise<EvaluationFolder> {
    await refuseForeign(path);
    await explainWrite(path, () => Deno.mkdir(path, { recursive: true }));
    const lock = await lockFolder(path);
    try {
      const stored = await readText(join(path, KEY_FILE));
      if (stored === null) await atomicWrite(join(path, KEY_FILE), canonicalJson(key));
      else refuseAnother(path, parse(stored, path), key);
      const last = (await listChunks(path)).at(-1);
      return new EvaluationFolder(path, lock, last === undefined ? 0 : Number.parseInt(basename(last)) + 1);
    } catch (error) {
      lock[Symbol.dispose]();
      throw error;
    }
  }

  /** The record of an evaluation that came to its end; null where it has not. @throws {UsageError} When it is damaged. */
  async record(): Promise<EvaluationRecord | null> {
    const text = await readText(join(this.path, RECORD_FILE));
    if (text === null) return null;
    const { success, data } = evaluationSchema.safeParse(parse(text, this.path)), path = join(this.path, RECORD_FILE);
    if (!success) throw new UsageError(`Cannot read ${path}: it is no evaluation record; move it away`);
    if (withoutHash(JSON.parse(text)) === null) {
      throw new UsageError(`Cannot read ${path}: it was changed after it was written; move it away`);
    }
    const { contentSha256: _, ...record } = data; // the file's, not the evaluation's
    return record;
  }

  /** Files of outcomes that are whole. */
  chunks(): Promise<string[]> {
    return listChunks(this.path);
  }

  /** Keeps outcomes, whole or not at all, after those before. */
  keep(bytes: Uint8Array): void {
    const file = join(this.path, PROGRESS, `${String(this.#next++).padStart(6, "0")}.safetensors`);
    this.#last = this.#last.then(async () => {
      await Deno.mkdir(join(this.path, PROGRESS), { recursive: true });
      await atomicWrite(file, bytes);
    }).catch((error: Error) => this.#failure.abort(writeFailure(file, error)));
  }

  /** Aborts at the first outcomes that could not be written, with what is to be told. */
  get failed(): AbortSignal {
    return this.#failure.signal;
  }

  /** Resolves when all outcomes are on the disk. @throws {Error} The first that could not be written. */
  async settle(): Promise<void> {
    await this.#last;
    this.failed.throwIfAborted();
  }

  /** Writes the record and lets go of the outcomes, which it holds. */
  async finish(record: EvaluationRecord): Promise<void> {
    await atomicWrite(join(this.path, RECORD_FILE), hashedText(record));
    for (const file of await this.chunks()) await Deno.remove(file);
    await Deno.remove(join(this.path, PROGRESS)).catch(() => {}); // it stays where somebody put something there
  }

  close(): void {
    this.#lock[Symbol.dispose]();
  }
}

/** @throws {UsageError} When it holds files and is no folder of an evaluation, or is no folder at all. */
async function refuseForeign(path: string): Promise<void> {
  const names = await listFolder(path);
  if (names.length === 0 || names.includes(KEY_FILE)) return;
  if (names.every((name) => name === LOCK_FILE || name.endsWith(".partial"))) return;
  throw new UsageError(`Cannot evaluate into ${path}: it holds other files; choose another --out`);
}

/** Keys of an evaluation by what sets them, in the order in which a difference is told. */
const ORIGINS: Readonly<Record<string, string>> = {
  weightFileSha256: "weight file",
  given: "--model or --model-option",
  data: "--data",
  split: "--split",
  limit: "--limit",
  threat: "--eps or --norm",
  attacks: "--attack",
  curve: "--curve",
  seed: "--seed",
  engine: "--engine, --precision or --shards",
};

function refuseAnother(path: string, stored: unknown, key: unknown): void {
  if (firstDifference(stored, key) === undefined) return;
  const part = (of: unknown, name: string): unknown => (of as Record<string, unknown> | null)?.[name] ?? null;
  const name = Object.keys(ORIGINS).find((name) => firstDifference(part(stored, name), part(key, name)) !== undefined);
  const another = name === undefined ? "key" : ORIGINS[name];
  throw new UsageError(
    `Cannot evaluate into ${path}: it holds an evaluation with another ${another}; choose another --out`,
  );
}

async function listChunks(path: string): Promise<string[]> {
  const files: string[] = [];
  try {
    for await (const { name } of Deno.readDir(join(path, PROGRESS))) {
      if (/^\d{6,}\.safetensors$/.test(name)) files.push(join(path, PROGRESS, name));
      // What a killed writer left.
      else if (/^\d{6,}\.safetensors\..+\.partial$/.test(name)) await Deno.remove(join(path, PROGRESS, name));
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return files.sort();
}

async function readText(path: string): Promise<string | null> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError(`Cannot read the evaluation in ${path}: a file there is not valid JSON; choose another --out`);
  }
}

/** The checkpoints of a run on the disk: attempt-N/checkpoint-STEP.safetensors, each whole or absent, the newest two of an
 *  attempt. Reading takes the newest that holds. @module */

import { join } from "node:path";
import { atomicWrite } from "../files/atomic_write.ts";
import { type Checkpoint, decodeCheckpoint } from "./checkpoint.ts";
import { listAttempts, listFolder } from "./output_folder.ts";

/** Bytes of a checkpoint, from the Worker. */
export interface SavedCheckpoint {
  readonly step: number;
  /** Whether it is for the disk at once, or only where the run is stopped before the next. */
  readonly write: boolean;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Where a run can go on. */
export interface FoundCheckpoint {
  readonly path: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly checkpoint: Checkpoint;
}

const KEPT = 2;

/** Writes what comes from the Worker, one after the other; the first failure is to stop the run. */
export class CheckpointSaver {
  #folder: string;
  #last: Promise<void> = Promise.resolve();
  #standby: SavedCheckpoint | undefined;
  #failure = new AbortController();

  /** @param folder The attempt's own. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Aborts at the first failed write. */
  get failed(): AbortSignal {
    return this.#failure.signal;
  }

  save(saved: SavedCheckpoint): void {
    this.#standby = saved.write ? undefined : saved;
    if (saved.write) this.#write(saved);
  }

  /** Resolves when all is written, what only stood by too. @throws {Error} The first failure, in one line. */
  async finish(): Promise<void> {
    if (this.#standby) this.#write(this.#standby);
    this.#standby = undefined;
    await Promise.allSettled([this.#last]);
    if (!this.failed.aborted) return;
    throw new Error(`Cannot save a checkpoint in ${this.#folder}: ${(this.failed.reason as Error).message}`);
  }

  #write({ step, bytes }: SavedCheckpoint): void {
    this.#last = this.#last.then(async () => {
      await atomicWrite(join(this.#folder, `checkpoint-${String(step).padStart(9, "0")}.safetensors`), bytes);
      for (const old of (await checkpointNames(this.#folder)).slice(0, -KEPT)) {
        await Deno.remove(join(this.#folder, old));
      }
    });
    this.#last.catch((error: unknown) => this.#failure.abort(error));
  }
}

/**
 * The newest checkpoint of a run's folder that holds; null where there is none.
 *
 * @param tell Hears of those that do not.
 */
export async function findCheckpoint(folder: string, tell: (text: string) => void): Promise<FoundCheckpoint | null> {
  for (const attempt of (await listAttempts(folder)).toReversed()) {
    const place = join(folder, `attempt-${attempt}`);
    for (const name of (await checkpointNames(place)).toReversed()) {
      const path = join(place, name);
      try {
        const bytes = await Deno.readFile(path);
        return { path, bytes, checkpoint: decodeCheckpoint(bytes, path) };
      } catch (error) {
        tell(`${(error as Error).message}; the checkpoint before it is taken`);
      }
    }
  }
  return null;
}

/** A run that has ended needs none, of its last attempt and of those before. */
export async function removeCheckpoints(folder: string, last: number): Promise<void> {
  for (const attempt of (await listAttempts(folder)).filter((number) => number <= last)) {
    const place = join(folder, `attempt-${attempt}`);
    for (const name of await checkpointNames(place)) await Deno.remove(join(place, name));
  }
}

/** Oldest first. */
async function checkpointNames(place: string): Promise<string[]> {
  return (await listFolder(place)).filter((name) => /^checkpoint-\d{9,}\.safetensors$/.test(name)).sort();
}

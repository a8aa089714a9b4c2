/** Writes a run's kept weights while the run goes on. @module */

import { join } from "node:path";
import { atomicWrite } from "../files/atomic_write.ts";
import type { Journal } from "./journal.ts";
import type { SavedWeights } from "./run_job.ts";

/** Where an attempt's files go. */
interface WeightsPlace {
  /** The attempt's folder; weights go to `weights/` in it. */
  readonly folder: string;
  readonly journal: Journal;
}

/** Each file is journalled once it is whole; the first failure is to stop the run. */
export class WeightsSaver {
  #place: WeightsPlace;
  /** The write before, so that files and journal lines come in the order of the calls. */
  #last: Promise<void> = Promise.resolve();
  #failure = new AbortController();

  constructor(place: WeightsPlace) {
    this.#place = place;
  }

  /** Aborts at the first failed write. */
  get failed(): AbortSignal {
    return this.#failure.signal;
  }

  save({ kind, target, step, weightsSha256, bytes }: SavedWeights): void {
    const { folder, journal } = this.#place;
    this.#last = this.#last.then(async () => {
      await atomicWrite(join(folder, "weights", weightsFile({ kind, target })), bytes);
      journal.append({ event: "weights", kind, target, step, weightsSha256 });
    });
    this.#last.catch((error: unknown) => this.#failure.abort(error));
  }

  /** Resolves when all is written. @throws {Error} The first failure, in one line. */
  async finish(): Promise<void> {
    await Promise.allSettled([this.#last]);
    if (!this.failed.aborted) return;
    throw new Error(`Cannot save weights in ${this.#place.folder}: ${(this.failed.reason as Error).message}`);
  }
}

/** The file's name, "best.safetensors" or "crossing-0.5.safetensors". */
export function weightsFile({ kind, target }: Pick<SavedWeights, "kind" | "target">): string {
  return `${target === null ? kind : `${kind}-${target}`}.safetensors`;
}

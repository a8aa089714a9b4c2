/** Batches that are made in a Worker of their own while the training thread works. At most two are made ahead, and only when
 *  one is taken is another asked for: while nobody takes, nothing is computed. They are the batches of
 *  {@linkcode courseBatches}, bit for bit. @module */

import type { BatchCourse, PlacedBatch } from "./batches.ts";

/** Batches made ahead. */
const AHEAD = 2;

export type FromPrefetchWorker =
  | { readonly kind: "batch"; readonly placed: PlacedBatch | null }
  | { readonly kind: "error"; readonly message: string };

/**
 * Starts a Worker that makes batches, and waits until it answers. That touches no data, and inside another Worker it takes
 * Deno a second. The caller terminates it, or hands it to {@linkcode PrefetchedBatches}.
 *
 * @throws {Error} When it does not start.
 */
export async function startPrefetchWorker(): Promise<Worker> {
  const worker = newWorker(), { promise, resolve, reject } = Promise.withResolvers<void>();
  worker.onmessage = () => resolve();
  worker.onerror = (event) => {
    event.preventDefault();
    worker.terminate();
    reject(new Error(`Cannot start the Worker that makes batches: ${event.message}`));
  };
  worker.postMessage("ready?");
  await promise;
  return worker;
}

function newWorker(): Worker {
  return new Worker(new URL("./prefetch_worker.ts", import.meta.url), { type: "module" });
}

/** The batches of a run, one after the other. */
export class PrefetchedBatches {
  #worker: Worker;
  /** Requests that are not taken yet, in order. */
  #coming: Promise<FromPrefetchWorker>[] = [];
  /** Who waits for the answers that are still to come, in order. */
  #awaited: ((answer: FromPrefetchWorker) => void)[] = [];
  #waitSeconds = 0;
  /** Why there are no more batches: later calls hear it too. */
  #failure: string | undefined;

  /**
   * The Worker gets a copy of the split, but for shared memory, and starts on the first batches.
   *
   * @param worker One that was started for this; a new one where it is absent.
   */
  constructor(course: BatchCourse, worker: Worker = newWorker()) {
    this.#worker = worker;
    this.#worker.onmessage = ({ data }: MessageEvent<FromPrefetchWorker>) => this.#awaited.shift()?.(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#fail(event.message);
    };
    this.#worker.postMessage(course);
    for (let i = 0; i < AHEAD; i++) this.#ask();
  }

  /** Seconds that `next` and `settle` made their callers wait. */
  get waitSeconds(): number {
    return this.#waitSeconds;
  }

  /** The next batch; undefined after the last. @throws {Error} When it could not be made, and after `close`. */
  async next(): Promise<PlacedBatch | undefined> {
    const answer = await this.#timed(this.#coming.shift());
    if (answer?.kind === "error") this.#fail(answer.message);
    if (this.#failure !== undefined) throw new Error(`Cannot make the next batch: ${this.#failure}`);
    if (answer?.kind !== "batch") return undefined;
    this.#ask();
    return answer.placed ?? undefined;
  }

  /** Resolves when no batch is being made. */
  async settle(): Promise<void> {
    await this.#timed(Promise.all(this.#coming));
  }

  /** Ends the Worker at once; whoever waits for a batch hears it. */
  close(): void {
    this.#worker.terminate();
    this.#fail("the source is closed");
  }

  async #timed<T>(wait: T): Promise<Awaited<T>> {
    const began = performance.now(), value = await wait;
    this.#waitSeconds += (performance.now() - began) / 1000;
    return value;
  }

  #fail(message: string): void {
    this.#failure ??= message;
    for (const answer of this.#awaited.splice(0)) answer({ kind: "error", message });
  }

  #ask(): void {
    this.#coming.push(new Promise((answer) => this.#awaited.push(answer)));
    this.#worker.postMessage("next");
  }
}

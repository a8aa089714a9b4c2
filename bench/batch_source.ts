/** The batches of a run. Augmented ones are made by a Worker beside this one, ahead of training; plain ones are gathered
 *  here, which takes less than a millisecond, and no Worker and no copy of the images. @module */

import { epochBatches } from "../data/batches.ts";
import type { Split } from "../data/dataset.ts";
import { type PlacedBatch, PrefetchedBatches, startPrefetchWorker } from "../data/prefetch.ts";
import type { Course, Run } from "./run_state.ts";
import type { RunConfig } from "./suite.ts";

/** What the run loop takes batches from. */
export interface BatchSource {
  /** The next batch; undefined after the last. @throws {Error} When it could not be made. */
  next(): Promise<PlacedBatch | undefined>;
  /** Resolves when no batch is being made; none is begun before the next one is taken. */
  settle(): Promise<void>;
  /** Seconds that these two waited for somebody else. */
  readonly waitSeconds: number;
  /** Ends whatever works for it; nothing may be taken afterwards. */
  close(): void;
}

type BatchConfig = Pick<RunConfig, "augmentation" | "batch" | "seed">;

/** What a run starts before it touches its data: the Worker that will make its batches, where one will. */
export async function startBatchWorker({ augmentation }: Pick<RunConfig, "augmentation">): Promise<Worker | null> {
  return augmentation === "none" ? null : await startPrefetchWorker();
}

/**
 * The batches from the run's first to its last. The caller closes the source, however the run ends.
 *
 * @param worker What {@linkcode startBatchWorker} gave; the source ends it.
 */
export function openBatches(
  { job: { config }, method }: Pick<Run, "method"> & { readonly job: { readonly config: BatchConfig } },
  { dataset, stepsPerEpoch, totalSteps }: Pick<Course, "dataset" | "stepsPerEpoch" | "totalSteps">,
  worker: Worker | null,
): BatchSource {
  const { seed, batch: batchSize, augmentation } = config;
  const batches = totalSteps / method.stepsPerBatch;
  if (worker === null) {
    return plainBatches(dataset.train, { seed, batchSize, batches, perEpoch: stepsPerEpoch / method.stepsPerBatch });
  }
  const course = {
    split: shared(dataset.train),
    ...{ seed, batchSize, batches },
    augment: { augmentation, shape: dataset.shape },
    epochs: { first: 0, startStep: 0 },
  };
  return new PrefetchedBatches(course, worker);
}

interface PlainCourse {
  readonly seed: number;
  readonly batchSize: number;
  readonly batches: number;
  readonly perEpoch: number;
}

function plainBatches(split: Split, { batches, perEpoch, ...options }: PlainCourse): BatchSource {
  let taken = 0, epochOf = epochBatches(split, { ...options, epoch: 0 });
  return {
    next() {
      if (taken === batches) return Promise.resolve(undefined);
      const epoch = Math.floor(taken / perEpoch), step = taken % perEpoch;
      if (step === 0) epochOf = epochBatches(split, { ...options, epoch });
      taken += 1;
      return Promise.resolve({ batch: epochOf.next().value!, epoch, step });
    },
    settle: () => Promise.resolve(),
    waitSeconds: 0,
    close: () => {},
  };
}

/** The split with images that two threads can read: a message would copy them. */
function shared(split: Split): Split {
  const images = new Uint8Array(new SharedArrayBuffer(split.images.length));
  images.set(split.images);
  return { ...split, images };
}

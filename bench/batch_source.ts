/** The batches of a run. Augmented ones are made by a Worker beside this one, ahead of training; plain ones are gathered
 *  here, which takes less than a millisecond, and no Worker and no copy of the images. @module */

import { type BatchCourse, courseBatches, type PlacedBatch } from "../data/batches.ts";
import type { Split } from "../data/dataset.ts";
import { PrefetchedBatches, startPrefetchWorker } from "../data/prefetch.ts";
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

/** As much of a run as its batches depend on. */
interface BatchRun extends Pick<Run, "method"> {
  readonly job: { readonly config: BatchConfig };
  readonly record: Pick<Run["record"], "step">;
}

/** What a run starts before it touches its data: the Worker that will make its batches, where one will. */
export async function startBatchWorker({ augmentation }: Pick<RunConfig, "augmentation">): Promise<Worker | null> {
  return augmentation === "none" ? null : await startPrefetchWorker();
}

/**
 * The batches from where the run stands to its last. The caller closes the source, however the run ends.
 *
 * @param worker What {@linkcode startBatchWorker} gave; the source ends it.
 */
export function openBatches(
  { job: { config }, method, record }: BatchRun,
  { dataset, stepsPerEpoch, totalSteps }: Pick<Course, "dataset" | "stepsPerEpoch" | "totalSteps">,
  worker: Worker | null,
): BatchSource {
  const { seed, batch: batchSize, augmentation } = config;
  const { stepsPerBatch } = method, done = record.step / stepsPerBatch, inEpoch = stepsPerEpoch / stepsPerBatch;
  const course = {
    split: dataset.train,
    seed,
    batchSize,
    augment: { augmentation, shape: dataset.shape },
    epochs: { first: Math.floor(done / inEpoch), startStep: done % inEpoch },
    batches: totalSteps / stepsPerBatch - done,
  };
  return worker === null
    ? batchesHere(course)
    : new PrefetchedBatches({ ...course, split: shared(dataset.train) }, worker);
}

function batchesHere(course: BatchCourse): BatchSource {
  const batches = courseBatches(course);
  return {
    next: () => Promise.resolve(batches.next().value ?? undefined),
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

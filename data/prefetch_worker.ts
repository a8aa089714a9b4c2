/** Makes batches beside the training thread: each request is answered with the next batch, in order. @module */

import { epochBatches } from "./batches.ts";
import type { Batch } from "./dataset.ts";
import type { BatchCourse, FromPrefetchWorker, PlacedBatch } from "./prefetch.ts";

let batches: Generator<PlacedBatch, void, undefined> | undefined;

function* course({ split, epochs, batches: total, ...options }: BatchCourse): Generator<PlacedBatch, void, undefined> {
  if (split.labels.length === 0) throw new RangeError(`split "${split.name}" is empty`);
  let given = 0;
  for (let epoch = epochs.first; given < total; epoch++) {
    const startStep = epoch === epochs.first ? epochs.startStep : 0;
    let step = startStep;
    for (const batch of epochBatches(split, { ...options, epoch, startStep })) {
      yield { batch, epoch, step: step++ };
      if (++given === total) return;
    }
  }
}

const transferable = ({ x, y, ids }: Batch): Transferable[] => [x.buffer, y.buffer, ids.buffer] as ArrayBuffer[];

self.onmessage = ({ data }: MessageEvent<BatchCourse | "next" | "ready?">) => {
  try {
    if (data === "ready?") {
      self.postMessage("ready");
      return;
    }
    if (data !== "next") {
      batches = course(data);
      return;
    }
    const placed = batches!.next().value ?? null;
    const answer: FromPrefetchWorker = { kind: "batch", placed };
    self.postMessage(answer, placed === null ? [] : transferable(placed.batch));
  } catch (error) {
    const answer: FromPrefetchWorker = { kind: "error", message: (error as Error).message };
    self.postMessage(answer);
  }
};

/** Makes batches beside the training thread: each request is answered with the next batch, in order. @module */

import { type BatchCourse, courseBatches, type PlacedBatch } from "./batches.ts";
import type { Batch } from "./dataset.ts";
import type { FromPrefetchWorker } from "./prefetch.ts";

let batches: Generator<PlacedBatch, void, undefined> | undefined;

const transferable = ({ x, y, ids }: Batch): Transferable[] => [x.buffer, y.buffer, ids.buffer] as ArrayBuffer[];

self.onmessage = ({ data }: MessageEvent<BatchCourse | "next" | "ready?">) => {
  try {
    if (data === "ready?") {
      self.postMessage("ready");
      return;
    }
    if (data !== "next") {
      batches = courseBatches(data);
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

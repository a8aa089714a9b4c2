/** The running statistics of batch normalisation after a step. @module */

import * as tf from "@tensorflow/tfjs";
import { updateRunningStatistics } from "../models/normalization.ts";
import type { Shard, StepResult } from "./method.ts";

/** Moves the buffers by every training-mode pass of a step, in order, and releases what the passes saw. */
export function applyStatistics(
  buffers: Map<string, tf.Tensor>,
  { statistics }: Pick<StepResult, "statistics">,
  { ids, batchCount }: Pick<Shard, "ids" | "batchCount">,
): void {
  for (const seen of statistics) updateRunningStatistics(buffers, seen, seen.count / ids.length * batchCount);
}

/** Releases everything that a step yielded, for those who do not train with it. */
export function disposeResult({ gradients, lossSum, statistics }: StepResult): void {
  tf.dispose([lossSum, ...gradients.values(), ...statistics.flatMap(({ mean, variance }) => [mean, variance])]);
}

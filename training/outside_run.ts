/** Steps that belong to no run: one worker, the whole batch, where a run would begin. @module */

import type { Examples } from "./gradients.ts";
import type { Shard, StepContext } from "./method.ts";

/** The whole batch as this worker's share; image i has id i. */
export function wholeBatch({ x, y }: Examples): Shard {
  const batchCount = x.shape[0];
  return { x, y, ids: Uint32Array.from({ length: batchCount }, (_, i) => i), batchCount, first: 0 };
}

/** What a step may know at the beginning of a run with seed 0, and nothing carried over. */
export function atBeginning(of: Pick<StepContext, "engine" | "model" | "parameters">): StepContext {
  return { ...of, seed: 0, position: { epoch: 0, step: 0 }, state: new Map() };
}

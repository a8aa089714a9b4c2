/** The mode that a pass of the network runs in. Training mode: dropout on, batch normalisation by the batch, and the running
 *  statistics move once a pass. Evaluation mode: dropout off, by the running statistics, which stay. @module */

import type { ForwardContext } from "../models/model.ts";
import { dropoutMasks } from "./dropout.ts";
import type { Shard, StepContext } from "./method.ts";
import type { StepTally } from "./single_step.ts";

export type PassMode = "training" | "evaluation";

/**
 * Training mode; what batch normalisation sees is tallied.
 *
 * @param pass Number of the pass in its batch, which its dropout masks depend on. @default passes of the tally so far
 */
export function trainingMode(
  context: StepContext,
  shard: Shard,
  tally: StepTally,
  pass: number = tally.passes.full + tally.passes.forward,
): ForwardContext {
  const source = { seed: context.seed, position: context.position, ids: shard.ids };
  return {
    kernels: context.engine.kernels,
    training: true,
    dropout: dropoutMasks(source, pass),
    statistics: (seen) => tally.statistics.push(seen),
  };
}

/** The mode of that name, for the next pass. */
export function passIn(mode: PassMode, context: StepContext, shard: Shard, tally: StepTally): ForwardContext {
  if (mode === "training") return trainingMode(context, shard, tally);
  return { kernels: context.engine.kernels, training: false };
}

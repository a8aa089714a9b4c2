/** Methods that take one optimizer step a batch: all but Free-m. @module */

import type * as tf from "@tensorflow/tfjs";
import type { BatchStatistics } from "../models/model.ts";
import type { Passes, Shard, StepContext, StepResult, TrainingMethod } from "./method.ts";

/** Passes counted where they happen; those through the whole network so far also number the next one's dropout masks. */
export type PassCounter = { -readonly [K in keyof Passes]: Passes[K] };

/** Gradient and loss of one step, both summed over the examples; the receiver disposes the tensors. */
export interface LossGradients {
  readonly lossSum: tf.Scalar;
  readonly gradients: ReadonlyMap<string, tf.Tensor>;
}

/** What happens while a step is computed. */
export interface StepTally {
  readonly passes: PassCounter;
  /** What training-mode passes saw, in order. */
  readonly statistics: BatchStatistics[];
}

/** Nothing yet. */
export function newTally(): StepTally {
  return { passes: { full: 0, forward: 0, firstLayerAdversary: 0, firstLayerWeights: 0 }, statistics: [] };
}

/** What distinguishes one such method from another. */
export type SingleStepMethod = Omit<TrainingMethod, "step" | "stepsPerBatch"> & {
  compute(context: StepContext, shard: Shard, tally: StepTally): LossGradients;
};

/** Makes the method. */
export function singleStep({ compute, ...method }: SingleStepMethod): TrainingMethod {
  return {
    ...method,
    stepsPerBatch: 1,
    *step(context, shard): Generator<StepResult, void, void> {
      const tally = newTally();
      yield { ...compute(context, shard, tally), count: shard.batchCount, ...tally };
    },
  };
}

/** Methods that take one optimizer step a batch: all but Free-m. @module */

import * as tf from "@tensorflow/tfjs";
import type { Passes, Shard, StepContext, StepResult, TrainingMethod } from "./method.ts";

/** Passes counted where they happen. `full` is also the number of the next full pass, which its dropout masks use. */
export type PassCounter = { -readonly [K in keyof Passes]: Passes[K] };

/** Gradient and loss of one step, both summed over the examples; the receiver disposes the tensors. */
export interface LossGradients {
  readonly lossSum: tf.Scalar;
  readonly gradients: ReadonlyMap<string, tf.Tensor>;
}

/** What distinguishes one such method from another. */
export type SingleStepMethod = Omit<TrainingMethod, "step"> & {
  compute(context: StepContext, shard: Shard, passes: PassCounter): LossGradients;
};

/** Makes the method. An empty shard yields zero gradients and no pass. */
export function singleStep({ compute, ...method }: SingleStepMethod): TrainingMethod {
  return {
    ...method,
    *step(context, shard): Generator<StepResult, void, void> {
      const passes: PassCounter = { full: 0, forward: 0, firstLayerAdversary: 0, firstLayerWeights: 0 };
      const sums = shard.ids.length === 0 ? nothing(context) : compute(context, shard, passes);
      yield { ...sums, count: shard.batchCount, passes };
    },
  };
}

function nothing({ model }: StepContext): LossGradients {
  const gradients = new Map(model.parameters.map(({ name, shape }) => [name, tf.keep(tf.zeros([...shape]))]));
  return { lossSum: tf.keep(tf.scalar(0)), gradients };
}

/** What an optimizer is, and how a suite's options make one. @module */

import type * as tf from "@tensorflow/tfjs";
import { adam } from "./adam.ts";
import { sgd } from "./sgd.ts";

/** Changes parameters along gradients and owns the state that this needs. */
export interface Optimizer {
  /**
   * One step: replaces the tensors of the parameters named in `gradients` and disposes the old ones. The new ones are
   * kept beyond any tf.tidy.
   *
   * @param gradients Means over the batch, shaped like the parameters; stay the caller's.
   */
  update(parameters: Map<string, tf.Tensor>, gradients: ReadonlyMap<string, tf.Tensor>, learningRate: number): void;
  /** The state by name, for checkpoints; the tensors stay the optimizer's. Empty before the first step. */
  state(): ReadonlyMap<string, tf.Tensor>;
  /** Takes a copy of a state in place of its own. */
  restore(state: ReadonlyMap<string, tf.Tensor>): void;
  dispose(): void;
}

/** An optimizer as a suite writes it. */
export type OptimizerOptions =
  | {
    readonly kind: "sgd";
    /** μ in 0..1. @default 0 */
    readonly momentum?: number;
    /** L2 penalty added to every gradient, biases too. @default 0 */
    readonly weightDecay?: number;
  }
  | {
    readonly kind: "adam";
    /** L2 penalty added to every gradient, biases too. @default 0 */
    readonly weightDecay?: number;
  };

/** @throws {RangeError} When the momentum is outside 0..1 (1 excluded) or the weight decay below 0. */
export function createOptimizer(options: OptimizerOptions): Optimizer {
  const { weightDecay = 0 } = options;
  if (!(weightDecay >= 0 && weightDecay < Infinity)) {
    throw new RangeError(`Cannot use weightDecay ${weightDecay}: it must be a number of at least 0`);
  }
  if (options.kind === "adam") return adam({ weightDecay });
  const { momentum = 0 } = options;
  if (!(momentum >= 0 && momentum < 1)) {
    throw new RangeError(`Cannot use momentum ${momentum}: it must be at least 0 and below 1`);
  }
  return sgd({ momentum, weightDecay });
}

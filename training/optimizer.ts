/** What an optimizer is. @module */

import type * as tf from "@tensorflow/tfjs";

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

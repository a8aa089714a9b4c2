/** Named tensors that an optimizer keeps from step to step. @module */

import * as tf from "@tensorflow/tfjs";

/** A map that owns its tensors: a replaced one is disposed, a stored one is kept beyond any tf.tidy. */
export class OptimizerState {
  #tensors = new Map<string, tf.Tensor>();

  get(name: string): tf.Tensor | undefined {
    return this.#tensors.get(name);
  }

  set(name: string, value: tf.Tensor): void {
    this.#tensors.get(name)?.dispose();
    this.#tensors.set(name, tf.keep(value));
  }

  all(): ReadonlyMap<string, tf.Tensor> {
    return this.#tensors;
  }

  restore(state: ReadonlyMap<string, tf.Tensor>): void {
    this.dispose();
    for (const [name, value] of state) this.set(name, value.clone());
  }

  dispose(): void {
    tf.dispose([...this.#tensors.values()]);
    this.#tensors.clear();
  }
}

/** Puts a new value in a parameter's place. */
export function replaceParameter(parameters: Map<string, tf.Tensor>, name: string, value: tf.Tensor): void {
  parameters.get(name)?.dispose();
  parameters.set(name, tf.keep(value));
}

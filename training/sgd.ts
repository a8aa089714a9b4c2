/** Stochastic gradient descent with momentum, with the conventions of torch.optim.SGD (dampening 0, no Nesterov):
 *  d = g + λ·w; v ← μ·v + d, v = d at first; w ← w − lr·v. λ = weightDecay, μ = momentum. @module */

import * as tf from "@tensorflow/tfjs";
import { parameter } from "../models/layers.ts";
import type { Optimizer } from "./optimizer.ts";
import { OptimizerState, replaceParameter } from "./optimizer_state.ts";

/** SGD. Its state is v by parameter name, `momentum/NAME`; none where μ is 0. */
export function sgd({ momentum, weightDecay }: { momentum: number; weightDecay: number }): Optimizer {
  const state = new OptimizerState();

  function velocity(name: string, weight: tf.Tensor, gradient: tf.Tensor): tf.Tensor {
    const descent = weightDecay === 0 ? gradient : tf.add(gradient, tf.mul(weight, weightDecay));
    if (momentum === 0) return descent;
    const previous = state.get(`momentum/${name}`);
    const next = previous === undefined ? descent.clone() : tf.add(tf.mul(previous, momentum), descent);
    state.set(`momentum/${name}`, next);
    return next;
  }

  return {
    update(parameters, gradients, learningRate) {
      for (const [name, gradient] of gradients) {
        tf.tidy(() => {
          const weight = parameter(parameters, name);
          const step = tf.mul(velocity(name, weight, gradient), learningRate);
          replaceParameter(parameters, name, tf.sub(weight, step));
        });
      }
    },
    state: () => state.all(),
    restore: (saved) => state.restore(saved),
    dispose: () => state.dispose(),
  };
}

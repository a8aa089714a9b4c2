/** Adam (Kingma and Ba 2015, arXiv:1412.6980), with the conventions of torch.optim.Adam: the weight decay is an L2
 *  penalty inside the gradient, ε is added to the corrected root. With d = g + λ·w, step t = 1, 2, ...:
 *  m ← β1·m + (1−β1)·d; v ← β2·v + (1−β2)·d²; w ← w − lr/(1−β1^t) · m / (√v/√(1−β2^t) + ε). @module */

import * as tf from "@tensorflow/tfjs";
import { parameter } from "../models/layers.ts";
import type { Optimizer } from "./optimizer.ts";
import { OptimizerState, replaceParameter } from "./optimizer_state.ts";

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;

/** Adam with β1 = 0.9, β2 = 0.999, ε = 1e-8. Its state is `mean/NAME`, `square/NAME` and the scalar `steps`. */
export function adam({ weightDecay }: { weightDecay: number }): Optimizer {
  const state = new OptimizerState();
  let steps = 0;

  function average(name: string, value: tf.Tensor, beta: number): tf.Tensor {
    const previous = state.get(name);
    const fresh = tf.mul(value, 1 - beta);
    const next = previous === undefined ? fresh : tf.add(tf.mul(previous, beta), fresh);
    state.set(name, next);
    return next;
  }

  return {
    update(parameters, gradients, learningRate) {
      steps += 1;
      const meanCorrection = 1 - BETA1 ** steps;
      const rootCorrection = Math.sqrt(1 - BETA2 ** steps);
      for (const [name, gradient] of gradients) {
        tf.tidy(() => {
          const weight = parameter(parameters, name);
          const descent = weightDecay === 0 ? gradient : tf.add(gradient, tf.mul(weight, weightDecay));
          const mean = average(`mean/${name}`, descent, BETA1);
          const square = average(`square/${name}`, tf.square(descent), BETA2);
          const scale = tf.add(tf.div(tf.sqrt(square), rootCorrection), EPSILON);
          const step = tf.mul(tf.div(mean, scale), learningRate / meanCorrection);
          replaceParameter(parameters, name, tf.sub(weight, step));
        });
      }
      state.set("steps", tf.scalar(steps, "int32"));
    },
    state: () => state.all(),
    restore(saved) {
      state.restore(saved);
      steps = saved.get("steps")?.dataSync()[0] ?? 0;
    },
    dispose() {
      state.dispose();
      steps = 0;
    },
  };
}

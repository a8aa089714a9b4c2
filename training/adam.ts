/** Adam (Kingma and Ba 2015, arXiv:1412.6980), with the conventions of torch.optim.Adam: the weight decay is an L2
 *  penalty inside the gradient, ε is added to the corrected root. The formula is {@linkcode AdamStep}'s. @module */

import * as tf from "@tensorflow/tfjs";
import { ADAM_BETA1, ADAM_BETA2 } from "../backends/composed_optimizer_steps.ts";
import type { Kernels } from "../backends/engine.ts";
import { parameter } from "../models/layers.ts";
import type { Optimizer } from "./optimizer.ts";
import { OptimizerState, replaceParameter } from "./optimizer_state.ts";

/** Adam with β1 = 0.9, β2 = 0.999, ε = 1e-8. Its state is `mean/NAME`, `square/NAME` and the scalar `steps`. */
export function adam(kernels: Pick<Kernels, "adamStep">, { weightDecay }: { weightDecay: number }): Optimizer {
  const state = new OptimizerState();
  let steps = 0;
  return {
    update(parameters, gradients, learningRate) {
      steps += 1;
      const rates = {
        stepSize: learningRate / (1 - ADAM_BETA1 ** steps),
        rootCorrection: Math.sqrt(1 - ADAM_BETA2 ** steps),
        weightDecay,
      };
      for (const [name, gradient] of gradients) {
        const weight = parameter(parameters, name);
        const mean = state.get(`mean/${name}`) ?? null, square = state.get(`square/${name}`) ?? null;
        const next = kernels.adamStep({ weight, gradient, mean, square, ...rates });
        replaceParameter(parameters, name, next.weight);
        state.set(`mean/${name}`, next.mean);
        state.set(`square/${name}`, next.square);
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

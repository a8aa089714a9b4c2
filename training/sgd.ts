/** Stochastic gradient descent with momentum, with the conventions of torch.optim.SGD (dampening 0, no Nesterov); the
 *  formula is {@linkcode SgdStep}'s. @module */

import type { Kernels } from "../backends/engine.ts";
import { parameter } from "../models/layers.ts";
import type { Optimizer } from "./optimizer.ts";
import { OptimizerState, replaceParameter } from "./optimizer_state.ts";

/** SGD. Its state is v by parameter name, `momentum/NAME`; none where μ is 0. */
export function sgd(
  kernels: Pick<Kernels, "sgdStep">,
  { momentum, weightDecay }: { momentum: number; weightDecay: number },
): Optimizer {
  const state = new OptimizerState();
  return {
    update(parameters, gradients, learningRate) {
      for (const [name, gradient] of gradients) {
        const weight = parameter(parameters, name), previous = state.get(`momentum/${name}`) ?? null;
        const step = { weight, gradient, velocity: previous, learningRate, momentum, weightDecay };
        const { weight: next, velocity } = kernels.sgdStep(step);
        replaceParameter(parameters, name, next);
        if (velocity !== null) state.set(`momentum/${name}`, velocity);
      }
    },
    state: () => state.all(),
    restore: (saved) => state.restore(saved),
    dispose: () => state.dispose(),
  };
}

/** How a suite's options make an optimizer. @module */

import type { Kernels } from "../backends/engine.ts";
import { adam } from "./adam.ts";
import type { Optimizer } from "./optimizer.ts";
import { sgd } from "./sgd.ts";

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

/** An optimizer whose steps are the engine's kernels. @throws {RangeError} When the momentum is outside 0..1 (1 excluded) or the weight decay below 0. */
export function createOptimizer(kernels: Pick<Kernels, "sgdStep" | "adamStep">, options: OptimizerOptions): Optimizer {
  const { weightDecay = 0 } = options;
  if (!(weightDecay >= 0 && weightDecay < Infinity)) {
    throw new RangeError(`Cannot use weightDecay ${weightDecay}: it must be a number of at least 0`);
  }
  if (options.kind === "adam") return adam(kernels, { weightDecay });
  const { momentum = 0 } = options;
  if (!(momentum >= 0 && momentum < 1)) {
    throw new RangeError(`Cannot use momentum ${momentum}: it must be at least 0 and below 1`);
  }
  return sgd(kernels, { momentum, weightDecay });
}

/** Natural training: the cross-entropy of clean images. One full pass a step. @module */

import { resolveOptions } from "../models/options.ts";
import { lossGradients } from "./gradients.ts";
import type { MethodDefinition } from "./method.ts";
import { trainingMode } from "./pass_mode.ts";
import { singleStep } from "./single_step.ts";

/** Training without an adversary. */
export const natural: MethodDefinition = {
  pattern: "natural",
  summary: "clean images, no adversary; 1 full pass a step",
  options: {},
  create: (name, _numbers, options) =>
    singleStep({
      name,
      label: "natural",
      resolved: resolveOptions({}, options, `method "${name}"`),
      compute(context, shard, tally) {
        context.phase?.("weightGradients");
        return lossGradients(context, shard, trainingMode(context, shard, tally), tally);
      },
    }),
};

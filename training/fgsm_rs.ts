/** FGSM-RS training: one step of α = 1.25 ε from a uniformly random start. Wong et al. 2020, arXiv:2001.03994,
 *  algorithm 3. As in the authors' code the start is clipped to the image box;
 *  unlike there, the attack runs in evaluation mode unless `attackMode` says "training". @module */

import { formatPixelValue, formatThreatModel } from "../attacks/threat_model.ts";
import { resolveOptions } from "../models/options.ts";
import { attackAndTrain, attackModeOption, epsilonOption, stepSizeOption } from "./attack_training.ts";
import type { MethodDefinition } from "./method.ts";
import { singleStep } from "./single_step.ts";

const options = { epsilon: epsilonOption, stepSize: stepSizeOption("1.25 ε"), attackMode: attackModeOption };

/** Training on FGSM examples from a random start ("fast" adversarial training). */
export const fgsmRs: MethodDefinition = {
  pattern: "fgsm-rs",
  summary: "one sign step from a random start; 2 full passes a step",
  options,
  create(name, _numbers, given) {
    const chosen = resolveOptions(options, given, `method "${name}"`);
    const resolved = { ...chosen, stepSize: chosen.stepSize ?? 1.25 * chosen.epsilon };
    const { epsilon, stepSize, attackMode } = resolved;
    const mode = attackMode === "evaluation" ? "" : ", attacked in training mode";
    return singleStep({
      name,
      label: `FGSM-RS, ${formatThreatModel({ norm: "linf", epsilon })}, α=${formatPixelValue(stepSize)}${mode}`,
      resolved,
      compute: (context, shard, tally) =>
        attackAndTrain(context, shard, { ...resolved, steps: 1, start: "uniform", objective: "adversarial" }, tally),
    });
  },
};

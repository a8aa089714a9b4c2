/** FGSM training: one step of α = ε from the image itself. Goodfellow et al. 2015, arXiv:1412.6572; there the clean loss
 *  is mixed in, here training is on the adversarial loss alone. @module */

import { resolveOptions } from "../models/options.ts";
import { attackAndTrain, attackModeOption, epsilonOption } from "./attack_training.ts";
import { formatThreatModel } from "../attacks/threat_model.ts";
import type { MethodDefinition } from "./method.ts";
import { singleStep } from "./single_step.ts";

const options = { epsilon: epsilonOption, attackMode: attackModeOption };

/** Training on FGSM examples. */
export const fgsm: MethodDefinition = {
  pattern: "fgsm",
  summary: "one sign step of size ε from the image; 2 full passes a step",
  options,
  create(name, _numbers, given) {
    const resolved = resolveOptions(options, given, `method "${name}"`);
    const { epsilon, attackMode } = resolved;
    const mode = attackMode === "evaluation" ? "" : ", attacked in training mode";
    return singleStep({
      name,
      label: `FGSM, ${formatThreatModel({ norm: "linf", epsilon })}${mode}`,
      resolved,
      compute: (context, shard, tally) =>
        attackAndTrain(context, shard, {
          ...resolved,
          stepSize: epsilon,
          steps: 1,
          start: "zero",
          objective: "adversarial",
        }, tally),
    });
  },
};

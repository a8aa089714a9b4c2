/** PGD-K training: Madry et al. 2018, arXiv:1706.06083, min over θ of the loss at PGD's images. The default follows
 *  Madry et al.: start clipped to the image box, training on the adversarial loss alone, K+1 full passes. YOPO's public
 *  baseline takes its first gradient at the unclipped start and trains on adversarial + clean loss, K+2 full passes:
 *  options `start` and `objective`. Our default α, 2.5 ε/K, is Madry et al.'s advice for MNIST. @module */

import { formatPixelValue, formatThreatModel } from "../attacks/threat_model.ts";
import { choice, type OptionValues, resolveOptions } from "../models/options.ts";
import { attackAndTrain, attackModeOption, epsilonOption, stepSizeOption } from "./attack_training.ts";
import type { MethodDefinition, TrainingMethod } from "./method.ts";
import { singleStep } from "./single_step.ts";

const options = {
  epsilon: epsilonOption,
  stepSize: stepSizeOption("2.5 ε/K"),
  start: choice(
    ["uniform", "uniform, unclipped", "zero"],
    "Where the attack starts; unclipped: the first gradient may be taken outside 0..1",
  ),
  objective: choice(["adversarial", "adversarial + clean"], "Loss that is trained on; with + clean K+2 full passes"),
  attackMode: attackModeOption,
};

function create(name: string, numbers: readonly number[], given: OptionValues): TrainingMethod {
  const steps = numbers[0]!;
  const chosen = resolveOptions(options, given, `method "${name}"`);
  const resolved = { ...chosen, stepSize: chosen.stepSize ?? 2.5 * chosen.epsilon / steps };
  return singleStep({
    name,
    label: label(steps, resolved),
    resolved,
    compute: (context, shard, tally) => attackAndTrain(context, shard, { ...resolved, steps }, tally),
  });
}

interface LabelParts {
  readonly epsilon: number;
  readonly stepSize: number;
  readonly start: string;
  readonly objective: string;
  readonly attackMode: string;
}

/** What differs from the defaults is said. */
function label(steps: number, { epsilon, stepSize, start, objective, attackMode }: LabelParts): string {
  return [
    `PGD-${steps}`,
    formatThreatModel({ norm: "linf", epsilon }),
    `α=${formatPixelValue(stepSize)}`,
    ...(start === "uniform" ? [] : [start === "zero" ? "no random start" : "start not clipped"]),
    ...(objective === "adversarial" ? [] : ["with clean loss"]),
    ...(attackMode === "evaluation" ? [] : ["attacked in training mode"]),
  ].join(", ");
}

/** Training on PGD examples. */
export const pgd: MethodDefinition = {
  pattern: "pgd-K",
  summary: "K sign steps from a random start; K+1 full passes a step",
  options,
  create,
};

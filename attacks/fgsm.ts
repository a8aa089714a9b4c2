/** FGSM, the fast gradient sign method: Goodfellow et al. 2015, arXiv:1412.6572, section 4; in L2 the normalised gradient
 *  takes the sign's place. One step of PGD with α = ε from the image itself. @module */

import * as tf from "@tensorflow/tfjs";
import { resolveOptions } from "../models/options.ts";
import type { Attack, AttackDefinition, ThreatModel } from "./attack.ts";
import { type AttackLoss, lossOption } from "./losses.ts";
import { pgdSteps } from "./pgd_steps.ts";
import { zeroStart } from "./starts.ts";
import { checkThreatModel, formatThreatModel } from "./threat_model.ts";

/** Options of {@linkcode fgsm}. */
export interface FgsmOptions {
  /** What is maximised. @default {"cross-entropy"} */
  readonly loss?: AttackLoss;
}

const options = { loss: lossOption };

/** FGSM for the registry. */
export const fgsmAttack: AttackDefinition = {
  name: "fgsm",
  example: "fgsm",
  summary: "one step of size ε along the gradient's sign",
  options,
  create: (threat, _numbers, given = {}) => fgsm(threat, given),
};

/**
 * FGSM as an attack.
 *
 * @throws {RangeError} When the threat model or the loss is out of range.
 */
export function fgsm(threat: ThreatModel, given: FgsmOptions = {}): Attack {
  checkThreatModel(threat);
  const resolved = resolveOptions(options, { ...given }, 'attack "fgsm"');
  const { loss } = resolved;
  return {
    name: "fgsm",
    label: `FGSM, ${formatThreatModel(threat)}${loss === "margin" ? ", margin loss" : ""}`,
    threat,
    resolved,
    passes: 1,
    forwards: 0,
    perturb: (model, batch, _draw, recorded) =>
      Promise.resolve(tf.tidy(() => {
        const start = recorded?.starts?.[0] ?? zeroStart(batch.x);
        return pgdSteps(model, batch, start, { threat, stepSize: threat.epsilon, steps: 1, loss });
      })),
  };
}

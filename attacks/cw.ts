/** CW-K, the margin loss of Carlini and Wagner 2017, arXiv:1608.04644. In L∞ it is what robustness papers call CW: K
 *  projected gradient steps on that loss, which is PGD-K with another loss. In L2 it is the paper's own attack, of
 *  {@linkcode nearestL2}, which minimises the distance. @module */

import { derivedNumber, flag, number, resolveOptions } from "../models/options.ts";
import type { Attack, AttackDefinition, ThreatModel } from "./attack.ts";
import { nearestL2, withinEpsilon } from "./cw_l2.ts";
import { pgd } from "./pgd.ts";
import { checkThreatModel, formatPixelValue, formatThreatModel } from "./threat_model.ts";

/** Options of {@linkcode cwLinf}. */
export interface CwLinfOptions {
  /** K, at least 1. */
  readonly steps: number;
  /** α in pixel values. @default 2.5·ε/K */
  readonly stepSize?: number;
  /** Independent starts, of which each image keeps the worst. @default {1} */
  readonly restarts?: number;
}

/** Options of {@linkcode cwL2}. */
export interface CwL2Options {
  /** K, steps of Adam for each c that is tried, at least 1. */
  readonly steps: number;
  /** Values of c that are tried. @default {9} */
  readonly searchSteps?: number;
  /** The first c. @default {0.001} */
  readonly initialConstant?: number;
  /** κ, by how much the other logit must exceed the label's. @default {0} */
  readonly confidence?: number;
  /** Adam's rate; black and white pixels hardly move where rate times K is below 7. @default {0.01} */
  readonly learningRate?: number;
  /** Whether an image leaves a search step that makes no more progress. @default {true} */
  readonly abortEarly?: boolean;
}

const linfOptions = {
  stepSize: derivedNumber({
    doc: "L∞: α, the size of one step in pixel values",
    above: 0,
    max: 1000,
    defaultText: "2.5 ε/K",
  }),
  restarts: number({
    doc: "L∞: independent starts, of which each image keeps the worst",
    min: 1,
    max: 10_000,
    integer: true,
    default: 1,
  }),
};

const l2Options = {
  searchSteps: number({ doc: "L2: values of c that are tried", min: 1, max: 50, integer: true, default: 9 }),
  initialConstant: number({ doc: "L2: the first c, the weight of the margin", above: 0, max: 1e9, default: 1e-3 }),
  confidence: number({
    doc: "L2: κ, by how much another logit must exceed the label's",
    min: 0,
    max: 1000,
    default: 0,
  }),
  learningRate: number({
    doc: "L2: Adam's rate; black and white pixels hardly move where rate times K is below 7",
    above: 0,
    max: 10,
    default: 0.01,
  }),
  abortEarly: flag(true, "L2: leave a value of c where a tenth of the steps brings no progress"),
};

/** CW-K for the registry. */
export const cwAttack: AttackDefinition = {
  name: "cw-K",
  example: "cw-100",
  summary: "Carlini and Wagner's margin loss: K projected steps (L∞), or their search for the nearest image (L2)",
  options: { ...linfOptions, ...l2Options },
  create: (threat, [steps], given = {}) =>
    threat.norm === "l2"
      ? cwL2(threat, { ...given, steps: steps ?? NaN })
      : cwLinf(threat, { ...given, steps: steps ?? NaN }),
};

/**
 * K projected gradient steps on the margin, from a random start.
 *
 * @throws {RangeError} When the threat model or an option is out of range.
 */
export function cwLinf(threat: ThreatModel, { steps, ...given }: CwLinfOptions): Attack {
  checkSteps(threat, steps);
  const checked = resolveOptions(linfOptions, given, `attack "cw-${steps}" in L∞`);
  const { restarts } = checked;
  const stepSize = checked.stepSize ?? 2.5 * threat.epsilon / steps;
  const steepest = pgd(threat, { steps, stepSize, restarts, loss: "margin" });
  return {
    ...steepest,
    name: `cw-${steps}`,
    label: [
      `CW-${steps} (margin loss)`,
      formatThreatModel(threat),
      `α=${formatPixelValue(stepSize)}`,
      `${restarts} restart${restarts === 1 ? "" : "s"}`,
      "random start",
    ].join(", "),
    resolved: { steps, stepSize, restarts },
  };
}

/**
 * The nearest adversarial images in L2; `perturb` gives those within ε.
 *
 * @throws {RangeError} When the threat model or an option is out of range.
 */
export function cwL2(threat: ThreatModel, { steps, ...given }: CwL2Options): Attack {
  checkSteps(threat, steps);
  const resolved = { steps, ...resolveOptions(l2Options, given, `attack "cw-${steps}" in L2`) };
  const { searchSteps, initialConstant, confidence, learningRate, abortEarly } = resolved;
  const parts = [
    `CW-${steps} (nearest in L2)`,
    formatThreatModel(threat),
    `${searchSteps} value${searchSteps === 1 ? "" : "s"} of c from ${initialConstant}`,
    `κ=${confidence}`,
    `Adam at ${learningRate}`,
  ];
  if (!abortEarly) parts.push("no early abort");
  return {
    name: `cw-${steps}`,
    label: parts.join(", "),
    threat,
    resolved,
    passes: steps * searchSteps,
    forwards: 1,
    nearest: (model, batch) => nearestL2(model, batch, resolved),
    perturb: async (model, batch) => withinEpsilon(batch, await nearestL2(model, batch, resolved), threat.epsilon),
  };
}

function checkSteps(threat: ThreatModel, steps: number): void {
  checkThreatModel(threat);
  if (!Number.isInteger(steps) || steps < 1) {
    throw new RangeError(`Cannot run CW with ${steps} steps: expected an integer of at least 1`);
  }
}

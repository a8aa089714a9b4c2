/** FAB and FAB-T, the fast adaptive boundary attacks: Croce and Hein 2020, arXiv:1907.02044; in AutoAttack: Croce and Hein
 *  2020, arXiv:2003.01690. They look for the nearest misclassified image, whatever its distance; ε only scales the random
 *  starts of restarts after the first. FAB asks at every step which boundary is nearest, by one gradient for each class but
 *  the label's; FAB-T heads for one class at a time, the classes by their logits on the clean image, by one gradient each.
 *  `perturb` searches no further for an image once one run ends within ε; `nearest` makes all searches. Both fool the same
 *  images, but `nearest` may come closer. @module */

import { number, resolveOptions } from "../models/options.ts";
import type { Attack, AttackDefinition, ThreatModel } from "./attack.ts";
import { fabSearches } from "./fab_searches.ts";
import { imagesOf, plainBatch } from "./plain_batch.ts";
import { checkThreatModel, formatPixelValue, formatThreatModel } from "./threat_model.ts";

/** Options of {@linkcode fab}. */
export interface FabOptions {
  /** Steps of each search. @default {100} */
  readonly steps?: number;
  /** Searches for each image (and target); the first starts at the image, the others near it. @default {1} */
  readonly restarts?: number;
  /** α_max, the largest weight of the image's own projection. @default {0.1} */
  readonly alphaMax?: number;
  /** η, how far beyond the boundary a step goes. @default {1.05} */
  readonly eta?: number;
  /** β, how far from the image a misclassified point stays. @default {0.9} */
  readonly beta?: number;
}

/** Options of {@linkcode fabT}. */
export interface FabTOptions extends FabOptions {
  /** Target classes, from the second-largest logit on; all others where the network has fewer. @default {9} */
  readonly targets?: number;
}

const count = (doc: string, preset: number) => number({ doc, min: 1, max: 100_000, integer: true, default: preset });

const options = {
  steps: count("Steps of each search", 100),
  restarts: count("Searches, the first from the image itself, the others from random points near it", 1),
  alphaMax: number({ doc: "Largest weight of the image's own projection", min: 0, max: 1, default: 0.1 }),
  eta: number({ doc: "How far a step goes, 1 is the boundary", above: 0, max: 10, default: 1.05 }),
  beta: number({ doc: "Share of its distance that a misclassified point keeps", min: 0, max: 1, default: 0.9 }),
};

const targetedOptions = {
  ...options,
  targets: count("Target classes, from the second-largest logit on; at most all classes but the label's", 9),
};

/** FAB for the registry. */
export const fabAttack: AttackDefinition = {
  name: "fab",
  example: "fab",
  summary: "the nearest misclassified image, towards the boundary that looks nearest at each step",
  options,
  create: (threat, _numbers, given = {}) => fab(threat, given),
};

/** FAB-T for the registry. */
export const fabTAttack: AttackDefinition = {
  name: "fab-t",
  example: "fab-t",
  summary: "the nearest misclassified image, towards one target class after another",
  options: targetedOptions,
  create: (threat, _numbers, given = {}) => fabT(threat, given),
};

/** Classes that {@linkcode Attack.passes} of FAB assumes, before any network is known. */
const ASSUMED_CLASSES = 10;

/**
 * FAB as an attack. Its passes are those for 10 classes, a pass for every class but the label's.
 *
 * @throws {RangeError} When the threat model or an option is out of range.
 */
export function fab(threat: ThreatModel, given: FabOptions = {}): Attack {
  const resolved = resolveOptions(options, { ...given }, 'attack "fab"');
  const passes = resolved.steps * resolved.restarts * (ASSUMED_CLASSES - 1);
  return attackOf({ name: "fab", title: "FAB", threat, resolved, targets: null, passes });
}

/**
 * FAB-T as an attack.
 *
 * @throws {RangeError} When the threat model or an option is out of range.
 */
export function fabT(threat: ThreatModel, given: FabTOptions = {}): Attack {
  const resolved = resolveOptions(targetedOptions, { ...given }, 'attack "fab-t"');
  const { steps, restarts, targets } = resolved;
  return attackOf({ name: "fab-t", title: "FAB-T", threat, resolved, targets, passes: steps * restarts * targets });
}

interface Fab {
  readonly name: string;
  readonly title: string;
  readonly threat: ThreatModel;
  readonly resolved: Required<FabOptions>;
  /** Number of target classes, or null where every step finds its own. */
  readonly targets: number | null;
  readonly passes: number;
}

function attackOf(attack: Fab): Attack {
  const { name, threat, targets, passes, resolved } = attack;
  checkThreatModel(threat);
  const task = { name, threat, targets, ...resolved };
  return {
    name,
    label: labelOf(attack),
    threat,
    resolved: { ...resolved },
    passes,
    forwards: 1 + resolved.steps * resolved.restarts * (targets ?? 1),
    async perturb(model, batch, draw) {
      const plain = await plainBatch(model, batch);
      const { images, distances } = await fabSearches(plain, draw, { ...task, enough: threat.epsilon });
      const { x, query: { pixels } } = plain;
      distances.forEach((distance, row) => {
        if (distance > threat.epsilon) images.set(x.subarray(row * pixels, (row + 1) * pixels), row * pixels);
      });
      return imagesOf(images, plain.query);
    },
    async nearest(model, batch, draw) {
      const plain = await plainBatch(model, batch);
      const { images, distances } = await fabSearches(plain, draw, { ...task, enough: 0 });
      return { images: imagesOf(images, plain.query), distances };
    },
  };
}

function labelOf({ title, threat, resolved, targets }: Fab): string {
  const counted = (value: number, noun: string) => `${value} ${noun}${value === 1 ? "" : "s"}`;
  const parts = [title, formatThreatModel(threat)];
  if (targets !== null) parts.push(counted(targets, "target"));
  parts.push(counted(resolved.steps, "step"), counted(resolved.restarts, "restart"));
  for (const [symbol, name] of [["α_max", "alphaMax"], ["η", "eta"], ["β", "beta"]] as const) {
    if (resolved[name] !== options[name].default) parts.push(`${symbol}=${formatPixelValue(resolved[name])}`);
  }
  return parts.join(", ");
}

/** APGD-T: Auto-PGD on the targeted difference of logits ratio, one target class after another. Croce and Hein 2020,
 *  arXiv:2003.01690, section 4 and appendix; defaults as in AutoAttack. An image counts as fooled where it is taken for
 *  any class but its own. @module */

import * as tf from "@tensorflow/tfjs";
import { number, resolveOptions } from "../models/options.ts";
import { apgdLabel, type ApgdOptions, apgdOptions } from "./apgd.ts";
import { ApgdSearch } from "./apgd_search.ts";
import type { Attack, AttackDefinition, ThreatModel } from "./attack.ts";
import { rankedTargets } from "./fab_boundaries.ts";
import { checkClasses, dlrTargeted } from "./losses.ts";
import { imagesOf, plainBatch, takeLabels } from "./plain_batch.ts";
import type { LogitsLoss } from "./query.ts";
import { checkThreatModel } from "./threat_model.ts";

/** The loss looks at the four largest logits. */
const LEAST_CLASSES = 4;

/** Options of {@linkcode apgdT}. */
export interface ApgdTOptions extends ApgdOptions {
  /** Target classes: those with the second-largest logit on the clean image, the third-largest, and so on. @default {9} */
  readonly targets?: number;
}

const options = {
  ...apgdOptions,
  targets: number({
    doc: "Target classes, from the one with the second-largest logit on; at most all but the label's",
    min: 1,
    max: 100_000,
    integer: true,
    default: 9,
  }),
};

/** APGD-T for the registry. */
export const apgdTAttack: AttackDefinition = {
  name: "apgd-t",
  example: "apgd-t",
  summary: "Auto-PGD on the targeted difference of logits ratio, one target class after another",
  options,
  create: (threat, _numbers, given = {}) => apgdT(threat, given),
};

/**
 * APGD-T as an attack. Images that it cannot fool come back as they were. Of fewer other classes than targets each is a
 * target once. It needs a network of at least 4 classes: `perturb` throws a RangeError on others.
 *
 * @throws {RangeError} When the threat model or an option is out of range.
 */
export function apgdT(threat: ThreatModel, given: ApgdTOptions = {}): Attack {
  checkThreatModel(threat);
  const resolved = resolveOptions(options, { ...given }, 'attack "apgd-t"');
  const { steps, restarts, eotSamples, targets } = resolved;
  return {
    name: "apgd-t",
    label: apgdLabel("APGD-T", threat, resolved),
    threat,
    resolved,
    passes: (steps + 1) * restarts * targets * eotSamples,
    forwards: 1,
    leastClasses: LEAST_CLASSES,
    async perturb(model, batch, draw) {
      checkClasses(model.classes, LEAST_CLASSES, "the targeted DLR loss");
      const plain = await plainBatch(model, batch);
      const search = new ApgdSearch(plain, draw, { name: "apgd-t", threat, ...resolved });
      const ranked = rankedTargets(await search.classify(), plain.labels, model.classes);
      for (let target = 0; target < Math.min(targets, model.classes - 1); target++) {
        const chosen = Int32Array.from(ranked, (classes) => classes[target]!);
        const lossOf = (rows: readonly number[]) =>
          dlrTargetedOf(takeLabels(plain.labels, rows), takeLabels(chosen, rows), model.classes);
        for (let restart = 0; restart < restarts; restart++) await search.run(target * restarts + restart, lossOf);
      }
      return imagesOf(search.images, plain.query);
    },
  };
}

/** The targeted DLR loss; its tensors belong to the query's tidy scope. */
export function dlrTargetedOf(labels: Int32Array, targets: Int32Array, classes: number): LogitsLoss {
  return (logits) => dlrTargeted(logits, tf.tensor1d(labels, "int32"), tf.tensor1d(targets, "int32"), classes);
}

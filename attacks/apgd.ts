/** Auto-PGD (APGD): projected gradient ascent that finds its own step size. Croce and Hein 2020, arXiv:2003.01690, section 3;
 *  defaults as in AutoAttack. @module */

import * as tf from "@tensorflow/tfjs";
import { choice, number, resolveOptions } from "../models/options.ts";
import { ApgdSearch } from "./apgd_search.ts";
import type { Attack, AttackDefinition, Classifier, ThreatModel } from "./attack.ts";
import { checkClasses, dlr } from "./losses.ts";
import { imagesOf, plainBatch, takeLabels } from "./plain_batch.ts";
import type { LogitsLoss } from "./query.ts";
import { checkThreatModel, formatThreatModel } from "./threat_model.ts";

/** What untargeted Auto-PGD maximises. */
export type ApgdLoss = "cross-entropy" | "dlr";

/** Options that all forms of Auto-PGD share. */
export interface ApgdOptions {
  /** Steps of each run; a run asks for one gradient more. @default {100} */
  readonly steps?: number;
  /** Independent starts (for each target), each on the images that the earlier ones left. @default {1} */
  readonly restarts?: number;
  /** ρ: the step is halved where at most this share of a window's steps raised the loss, 0..1. @default {0.75} */
  readonly rho?: number;
  /** Gradients that each step takes the mean of, for networks that draw (EOT). @default {1} */
  readonly eotSamples?: number;
}

/** Rows of the option tables that all forms of Auto-PGD share. */
export const apgdOptions = {
  steps: number({ doc: "Steps of each run", min: 1, max: 100_000, integer: true, default: 100 }),
  restarts: number({
    doc: "Independent starts, each on the images that the earlier ones left",
    min: 1,
    max: 10_000,
    integer: true,
    default: 1,
  }),
  rho: number({
    doc: "The step is halved where at most this share of the steps raised the loss",
    min: 0,
    max: 1,
    default: 0.75,
  }),
  eotSamples: number({
    doc: "Gradients that each step takes the mean of, for networks that draw random numbers",
    min: 1,
    max: 10_000,
    integer: true,
    default: 1,
  }),
};

/** APGD on the cross-entropy, for the registry. */
export const apgdCeAttack: AttackDefinition = {
  name: "apgd-ce",
  example: "apgd-ce",
  summary: "Auto-PGD, which finds its own step size, on the cross-entropy",
  options: apgdOptions,
  create: (threat, _numbers, given = {}) => untargeted("cross-entropy", threat, given),
};

/** APGD on the difference of logits ratio, for the registry. */
export const apgdDlrAttack: AttackDefinition = {
  name: "apgd-dlr",
  example: "apgd-dlr",
  summary: "Auto-PGD on the difference of logits ratio, which does not vanish where a network is confident",
  options: apgdOptions,
  create: (threat, _numbers, given = {}) => untargeted("dlr", threat, given),
};

const lossOption = choice(["cross-entropy", "dlr"], "What is maximised");

/**
 * Untargeted Auto-PGD as an attack. Images that it cannot fool come back as they were.
 *
 * @throws {RangeError} When the threat model or an option is out of range.
 */
export function apgd(threat: ThreatModel, { loss, ...given }: ApgdOptions & { readonly loss?: ApgdLoss } = {}): Attack {
  const resolved = resolveOptions({ loss: lossOption }, loss === undefined ? {} : { loss }, 'attack "apgd"');
  return untargeted(resolved.loss, threat, given);
}

function untargeted(loss: ApgdLoss, threat: ThreatModel, given: ApgdOptions): Attack {
  checkThreatModel(threat);
  const isDlr = loss === "dlr", name = isDlr ? "apgd-dlr" : "apgd-ce";
  const resolved = resolveOptions(apgdOptions, { ...given }, `attack "${name}"`);
  const { steps, restarts, eotSamples } = resolved;
  return {
    name,
    label: apgdLabel(isDlr ? "APGD-DLR" : "APGD-CE", threat, resolved),
    threat,
    resolved,
    passes: (steps + 1) * restarts * eotSamples,
    forwards: 1,
    ...(isDlr ? { leastClasses: 3 } : {}),
    async perturb(model, batch, draw) {
      if (isDlr) checkClasses(model.classes, 3, "the DLR loss");
      const plain = await plainBatch(model, batch);
      const lossFor = (labels: Int32Array) => isDlr ? dlrOf(labels, model.classes) : crossEntropyOf(labels, model);
      const search = new ApgdSearch(plain, draw, { name, threat, ...resolved });
      await search.classify();
      for (let restart = 0; restart < restarts; restart++) {
        await search.run(restart, (rows) => lossFor(takeLabels(plain.labels, rows)));
      }
      return imagesOf(search.images, plain.query);
    },
  };
}

/** Cross-entropy; its tensors belong to the query's tidy scope, as all losses' here. */
export function crossEntropyOf(labels: Int32Array, { kernels }: Pick<Classifier, "kernels">): LogitsLoss {
  return (logits) => kernels.crossEntropy(logits, tf.tensor1d(labels, "int32"));
}

function dlrOf(labels: Int32Array, classes: number): LogitsLoss {
  return (logits) => dlr(logits, tf.tensor1d(labels, "int32"), classes);
}

/** "APGD-CE, L∞ ε=8/255, 100 steps, 1 restart"; ρ and EOT are told where they differ from AutoAttack's. */
export function apgdLabel(
  title: string,
  threat: ThreatModel,
  { steps, restarts, rho, eotSamples, targets }: Required<ApgdOptions> & { readonly targets?: number },
): string {
  const counted = (value: number, noun: string) => `${value} ${noun}${value === 1 ? "" : "s"}`;
  const parts = [title, formatThreatModel(threat)];
  if (targets !== undefined) parts.push(counted(targets, "target"));
  parts.push(counted(steps, "step"), counted(restarts, "restart"));
  if (rho !== apgdOptions.rho.default) parts.push(`ρ=${rho}`);
  if (eotSamples !== apgdOptions.eotSamples.default) parts.push(`mean of ${eotSamples} gradients (EOT)`);
  return parts.join(", ");
}

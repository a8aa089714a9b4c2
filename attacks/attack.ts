/** What an attack is to the rest of the program. @module */

import type * as tf from "@tensorflow/tfjs";
import type { Kernels } from "../backends/engine.ts";
import type { OptionTable, OptionValues } from "../models/options.ts";
import type { RandomStream } from "../random/random.ts";

export type Norm = "linf" | "l2";

/** The set of allowed perturbations: ‖x' − x‖ ≤ ε in pixel values, x' in 0..1. */
export interface ThreatModel {
  readonly norm: Norm;
  /** ε in pixel values (images in 0..1). */
  readonly epsilon: number;
}

/** The network an attack sees: logits in the mode that the caller chose (evaluation unless said otherwise). */
export interface Classifier {
  readonly classes: number;
  readonly kernels: Kernels;
  /** Logits `[batch, classes]` of images `[batch, height, width, channels]`; differentiable in x. */
  logits(x: tf.Tensor4D): tf.Tensor2D;
}

/** Images to attack. */
export interface AttackBatch {
  /** `[batch, height, width, channels]` in 0..1. */
  readonly x: tf.Tensor4D;
  /** int32 labels `[batch]`. */
  readonly y: tf.Tensor1D;
  /** Source index of each image, `[batch]`; draws depend on it, never on the batch. */
  readonly ids: Uint32Array;
}

/** Opens a random stream; the caller has bound the seed. Indices are at most three. */
export type Draw = (stream: string, ...indices: number[]) => RandomStream;

/** Draws recorded elsewhere, used in place of random ones (parity with reference runs). */
export interface RecordedDraws {
  /** Start perturbation per restart, `[batch, height, width, channels]`. */
  readonly starts?: readonly tf.Tensor4D[];
}

/** An attack with all its options resolved. */
export interface Attack {
  /** Registry name with its number, such as "pgd-20". */
  readonly name: string;
  /** Built from the resolved options, never typed: "PGD-20, L∞ ε=0.2, α=0.025, 1 restart, random start". */
  readonly label: string;
  readonly threat: ThreatModel;
  /** Every option as it runs, for the record. */
  readonly resolved: Readonly<Record<string, number | string | boolean>>;
  /** Forward and backward passes for one batch of images that are all attacked to the end. */
  readonly passes: number;
  /** Forward passes without a backward one, for the same batch. */
  readonly forwards: number;
  /** Fewest classes of a network that the attack can be run on; an ensemble leaves it out below. @default {2} */
  readonly leastClasses?: number;
  /**
   * Attacks that are run in this order, each from the clean image and only on images that are still classified correctly;
   * their worst case is this attack's answer. An evaluation runs them stage by stage over all images; `perturb` does the
   * same within its batch. Absent where the attack is a single one.
   */
  readonly stages?: readonly Attack[];
  /** Adversarial images, same shape as x. The caller disposes them. */
  perturb(model: Classifier, batch: AttackBatch, draw: Draw, recorded?: RecordedDraws): Promise<tf.Tensor4D>;
  /**
   * The nearest adversarial images that a minimal-norm attack finds, whatever their distance, so that one search answers
   * for every ε. Absent where the attack works at a fixed ε. `perturb` returns those within ε and x itself elsewhere.
   */
  nearest?(model: Classifier, batch: AttackBatch, draw: Draw): Promise<NearestImages>;
}

/** What a minimal-norm attack found. */
export interface NearestImages {
  /** Shaped like the batch's x, in 0..1; x itself where nothing was found. The caller disposes them. */
  readonly images: tf.Tensor4D;
  /** ‖x' − x‖ in the threat model's norm, `[batch]`; 0 where x itself is misclassified, Infinity where nothing was found. */
  readonly distances: Float64Array;
}

/** What list shows of an attack, and how it is made. */
export interface AttackDefinition {
  /** Name with a capital letter for each number in it, such as "pgd-K". */
  readonly name: string;
  /** A name that can be asked for, such as "pgd-20". */
  readonly example: string;
  readonly summary: string;
  /** The options that may be given beside the name. */
  readonly options: OptionTable;
  /**
   * Makes the attack from the numbers in its name, in order.
   *
   * @throws {RangeError} When the threat model, a number or an option is unknown or out of range.
   */
  create(threat: ThreatModel, numbers: readonly number[], options?: OptionValues): Attack;
}

/** What a training method is to the rest of the program: batch in, gradients and pass counts out. @module */

import type * as tf from "@tensorflow/tfjs";
import type { Engine } from "../backends/engine.ts";
import type { BatchStatistics, Model, Parameters } from "../models/model.ts";
import type { OptionTable, OptionValues } from "../models/options.ts";

/** Passes of one optimizer step (or one replay). A full pass is one forward and one backward through everything. */
export interface Passes {
  /** Forward and backward passes through the whole network. */
  readonly full: number;
  /** Forward-only passes through the whole network. */
  readonly forward: number;
  /** Passes through f0 alone that move the perturbation (m·n for YOPO-m-n). */
  readonly firstLayerAdversary: number;
  /** Passes through f0 alone that give θ0's gradient (m for YOPO-m-n). */
  readonly firstLayerWeights: number;
}

/** The part of a batch that this worker computes, as one tensor. */
export interface Shard {
  /** Images `[count, height, width, channels]` in 0..1. */
  readonly x: tf.Tensor4D;
  /** int32 labels `[count]`. */
  readonly y: tf.Tensor1D;
  /** Source index of each image, `[count]`. */
  readonly ids: Uint32Array;
  /** Examples of the whole batch, over all workers. */
  readonly batchCount: number;
  /** Where this worker's examples begin in the whole batch. */
  readonly first: number;
}

/** Everything a step may know. */
export interface StepContext {
  readonly engine: Engine;
  readonly model: Model;
  /** Current values; a generator that yields several times reads them anew after each yield. */
  readonly parameters: Parameters;
  readonly seed: number;
  /** Both count from 0; the step counts within the whole run. */
  readonly position: { readonly epoch: number; readonly step: number };
  /** What the method carries from batch to batch, by name, kept beyond any tf.tidy; the same on every worker. Empty at the
   *  run's first step; a method that replaces an entry disposes the old one. */
  readonly state: Map<string, tf.Tensor>;
  /** A start perturbation recorded elsewhere, same shape as x, used in place of the random one (parity). */
  readonly recordedStart?: tf.Tensor4D;
  /** Called with inner quantities ("eta", "loss", "p", "gradient/first.kernel", ...) of each round; the callee must copy
   *  what it keeps. Costs nothing where it is absent. */
  readonly trace?: (quantity: string, round: number, value: tf.Tensor) => void;
  /** Called where a step changes over to moving the perturbation, or to taking the weights' gradients. Costs nothing where
   *  it is absent. */
  readonly phase?: (name: "attack" | "weightGradients") => void;
}

/** What a step yields: sums over the whole batch, the same on every worker. The receiver disposes the tensors. */
export interface StepResult {
  /** Gradient of the summed loss by parameter name, in the model's order. */
  readonly gradients: ReadonlyMap<string, tf.Tensor>;
  /** Examples of the whole batch. */
  readonly count: number;
  /** Scalar: sum of the training loss over the examples, nats (the mean over rounds where a method has several). */
  readonly lossSum: tf.Scalar;
  readonly passes: Passes;
  /** What each training-mode pass saw in each layer of batch normalisation, in order; empty for a network without. */
  readonly statistics: readonly BatchStatistics[];
}

/** A training method with all its options resolved. It computes gradients and does not touch the optimizer. */
export interface TrainingMethod {
  /** Registry name with its numbers, such as "yopo-5-10". */
  readonly name: string;
  /** Built from the resolved options: "YOPO-5-10, L∞ ε=0.3, α=0.01, first layer as in the paper". */
  readonly label: string;
  /** Every option as it runs, for the record and the run's id. */
  readonly resolved: OptionValues;
  /** Optimizer steps for each batch: m for Free-m, else 1. */
  readonly stepsPerBatch: number;
  /** One optimizer step per yield. */
  step(context: StepContext, shard: Shard): Generator<StepResult, void, void>;
}

/** What list shows of a method, and how it is made. */
export interface MethodDefinition {
  /** The name, where each capital stands for a whole number of at least 1: "yopo-M-N". */
  readonly pattern: string;
  readonly summary: string;
  /** What `create` takes. */
  readonly options: OptionTable;
  /**
   * Makes the method.
   *
   * @param name The name that matched the pattern.
   * @param numbers The numbers in it, in order.
   * @throws {RangeError} When an option is unknown, missing or out of range.
   */
  create(name: string, numbers: readonly number[], options: OptionValues): TrainingMethod;
}

/** What a network is to the rest of the program: named parameters, a first layer f0 and the rest g. @module */

import type * as tf from "@tensorflow/tfjs";
import type { FirstLayer, Kernels } from "../backends/engine.ts";
import type { RandomStream } from "../random/random.ts";
import type { OptionTable, OptionValues } from "./options.ts";

/** Values of parameters and, after them, of buffers by name, in the model's order. Names starting with "first." are θ0, the
 *  parameters of f0. Buffers are the running statistics of batch normalisation; no gradient goes to them. */
export type Parameters = ReadonlyMap<string, tf.Tensor>;

/** The same as plain float32 arrays. */
export type Weights = ReadonlyMap<string, { readonly shape: readonly number[]; readonly values: Float32Array }>;

/** What one training-mode pass through a layer of batch normalisation saw; the tensors are the receiver's. */
export interface BatchStatistics {
  /** The layer's name; its buffers are `LAYER.mean` and `LAYER.variance`. */
  readonly layer: string;
  /** Mean of each channel over the whole batch, `[channels]`. */
  readonly mean: tf.Tensor1D;
  /** Biased variance of each channel over the whole batch, `[channels]`. */
  readonly variance: tf.Tensor1D;
  /** Values of a channel in this worker's share: images · height · width. */
  readonly count: number;
}

/** How a forward pass behaves; there is no global mode. */
export interface ForwardContext {
  readonly kernels: Kernels;
  /** Training mode: dropout on, batch normalisation by the batch. Evaluation mode: dropout off, by running statistics. */
  readonly training: boolean;
  /**
   * Inverted-dropout mask `[batch, ...shape]` of 0 and 1/(1-rate) for the named layer. Absent in evaluation mode; in
   * training mode it may be absent too, and then dropout is off.
   */
  readonly dropout?: (layer: string, shape: readonly number[], rate: number) => tf.Tensor;
  /** Where the statistics of a training-mode pass go; absent where nobody keeps them. */
  readonly statistics?: (seen: BatchStatistics) => void;
}

/** A network: pure functions of its parameters. */
export interface Model {
  /** Registry name, such as "small-cnn". */
  readonly name: string;
  /** Resolved options, such as `{ dropout: 0.5 }`; they go into the run's id and the weight file. */
  readonly options: OptionValues;
  /** `[height, width, channels]` of one image. */
  readonly input: readonly [number, number, number];
  readonly classes: number;
  /** Names and shapes in order; the sum of their sizes is the parameter count. */
  readonly parameters: readonly { readonly name: string; readonly shape: readonly number[] }[];
  /** Names and shapes of the buffers in order; empty for a network without batch normalisation. */
  readonly buffers: readonly { readonly name: string; readonly shape: readonly number[] }[];
  /** Random start weights and buffers; `random(name)` opens the stream of one parameter. */
  initialize(random: (parameter: string) => RandomStream): Weights;
  /** f0 as data, for fused kernels; whether it is linear in x is `activation === "none"`, and then its bias may be left out,
   *  since no gradient in x depends on it. */
  describeFirstLayer(parameters: Parameters): FirstLayer;
  /** h = f0(x): `[batch, height, width, channels]` images in 0..1 to the first layer's output. */
  firstLayer(parameters: Parameters, x: tf.Tensor4D, context: ForwardContext): tf.Tensor4D;
  /** g(h): logits `[batch, classes]`. */
  rest(parameters: Parameters, h: tf.Tensor4D, context: ForwardContext): tf.Tensor2D;
}

/** What list shows of a model, and how it is made. */
export interface ModelDefinition {
  readonly name: string;
  readonly summary: string;
  /** What `create` takes; every model has at least height, width, channels and classes. */
  readonly options: OptionTable;
  /** Makes the model. @throws {RangeError} When an option is unknown or out of range. */
  create(options?: OptionValues): Model;
}

/** What a network is to the rest of the program: named parameters, a first layer f0 and the rest g. @module */

import type * as tf from "@tensorflow/tfjs";
import type { FirstLayer, Kernels } from "../backends/engine.ts";
import type { RandomStream } from "../random/random.ts";
import type { OptionTable, OptionValues } from "./options.ts";

/** Parameter values by name, in the model's order. Names starting with "first." are θ0, the parameters of f0. */
export type Parameters = ReadonlyMap<string, tf.Tensor>;

/** Parameter values as plain float32 arrays, in the model's order. */
export type Weights = ReadonlyMap<string, { readonly shape: readonly number[]; readonly values: Float32Array }>;

/** How a forward pass behaves; there is no global mode. */
export interface ForwardContext {
  readonly kernels: Kernels;
  /** Training mode: dropout on. Evaluation mode: dropout off. */
  readonly training: boolean;
  /**
   * Inverted-dropout mask `[batch, ...shape]` of 0 and 1/(1-rate) for the named layer. Absent in evaluation mode; in
   * training mode it may be absent too, and then dropout is off.
   */
  readonly dropout?: (layer: string, shape: readonly number[], rate: number) => tf.Tensor;
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
  /** Random start weights; `random(name)` opens the stream of one parameter. */
  initialize(random: (parameter: string) => RandomStream): Weights;
  /** f0 as data, for fused kernels; whether it is linear in x is `activation === "none"`. */
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

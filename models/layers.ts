/** What networks share: random start weights and layers that find their parameters by name.
 *  Start weights: He et al. 2015, arXiv:1502.01852 (Kaiming-normal); PyTorch's default for dense layers. @module */

import * as tf from "@tensorflow/tfjs";
import type { Activation, ConvolutionOptions } from "../backends/engine.ts";
import type { RandomStream } from "../random/random.ts";
import type { ForwardContext, Parameters, Weights } from "./model.ts";

/** Fills one parameter's start values. */
type Initializer = (values: Float32Array, stream: RandomStream) => void;

/** A parameter's name, shape and start. */
export interface ParameterDefinition {
  readonly name: string;
  readonly shape: readonly number[];
  readonly start: Initializer;
}

/** Number of elements of a shape. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** All zeros. */
export const zeros: Initializer = (values) => void values.fill(0);

/** All ones. */
export const ones: Initializer = (values) => void values.fill(1);

/** N(0, 2/fanIn), where fanIn counts the inputs of one output unit. */
export function kaimingNormal(fanIn: number): Initializer {
  const deviation = Math.sqrt(2 / fanIn);
  return (values, stream) => {
    for (let i = 0; i < values.length; i++) values[i] = deviation * stream.normal();
  };
}

/** U(-1/√fanIn, 1/√fanIn). */
export function uniformFanIn(fanIn: number): Initializer {
  const bound = 1 / Math.sqrt(fanIn);
  return (values, stream) => {
    for (let i = 0; i < values.length; i++) values[i] = stream.uniform(-bound, bound);
  };
}

/** Kernel `[side, side, in, out]`, Kaiming-normal, and bias `[out]`, zero, of a square convolution. */
export function convolutionParameters(
  name: string,
  side: number,
  input: number,
  output: number,
  { bias = true }: { bias?: boolean } = {},
): ParameterDefinition[] {
  const start = kaimingNormal(side * side * input);
  const kernel = { name: `${name}.kernel`, shape: [side, side, input, output], start };
  return bias ? [kernel, { name: `${name}.bias`, shape: [output], start: zeros }] : [kernel];
}

/** Kernel `[in, out]` and bias `[out]` of a dense layer, both U(±1/√in), or zero for a network's last layer. */
export function denseParameters(name: string, input: number, output: number, options: { last?: boolean } = {}) {
  const start = options.last ? zeros : uniformFanIn(input);
  return [
    { name: `${name}.kernel`, shape: [input, output], start },
    { name: `${name}.bias`, shape: [output], start },
  ];
}

/** Start values of all parameters, in order. */
export function initializeParameters(
  definitions: readonly ParameterDefinition[],
  random: (parameter: string) => RandomStream,
): Weights {
  return new Map(definitions.map(({ name, shape, start }) => {
    const values = new Float32Array(elementCount(shape));
    start(values, random(name));
    return [name, { shape, values }];
  }));
}

/** The parameter `name`. @throws {TypeError} When the set does not hold it. */
export function parameter(parameters: Parameters, name: string): tf.Tensor {
  const value = parameters.get(name);
  if (value === undefined) throw new TypeError(`Cannot find parameter "${name}": the parameter set does not hold it`);
  return value;
}

/** Name and shape of each, as a model tells them. */
export function shapesOf(definitions: readonly ParameterDefinition[]): { name: string; shape: readonly number[] }[] {
  return definitions.map(({ name, shape }) => ({ name, shape }));
}

/** Whether a parameter belongs to f0, the first layer. */
export function isFirst(name: string): boolean {
  return name.startsWith("first.");
}

/** Stride 1, no padding, ReLU. */
export const VALID_RELU: ConvolutionOptions = {
  stride: 1,
  padding: { top: 0, bottom: 0, left: 0, right: 0 },
  activation: "relu",
};

/** Stride 1, padding 1 on every side (which keeps the size under a 3x3 filter), no activation. */
export const LINEAR_SAME: ConvolutionOptions = {
  stride: 1,
  padding: { top: 1, bottom: 1, left: 1, right: 1 },
  activation: "none",
};

/** The convolution layer `name` with its kernel, and its bias where it has one. */
export function convolutionLayer(
  parameters: Parameters,
  name: string,
  x: tf.Tensor4D,
  options: ConvolutionOptions & { context: ForwardContext },
): tf.Tensor4D {
  const filter = parameter(parameters, `${name}.kernel`) as tf.Tensor4D;
  const bias = (parameters.get(`${name}.bias`) ?? null) as tf.Tensor1D | null;
  return options.context.kernels.convolution(x, filter, bias, options);
}

/** The dense layer `name` with its kernel and bias. */
export function denseLayer(
  parameters: Parameters,
  name: string,
  x: tf.Tensor2D,
  options: { context: ForwardContext; activation: Activation },
): tf.Tensor2D {
  const kernel = parameter(parameters, `${name}.kernel`) as tf.Tensor2D;
  const bias = parameter(parameters, `${name}.bias`) as tf.Tensor1D;
  return options.context.kernels.dense(x, kernel, bias, options.activation);
}

/** x times the layer's dropout mask in training mode, x itself otherwise. */
export function dropoutLayer(name: string, x: tf.Tensor2D, rate: number, context: ForwardContext): tf.Tensor2D {
  if (!context.training || context.dropout === undefined || rate === 0) return x;
  return tf.mul(x, context.dropout(name, x.shape.slice(1), rate));
}

/** Images or features `[batch, height, width, channels]` as rows `[batch, height·width·channels]`, in h, w, c order. */
export function flatten(x: tf.Tensor4D): tf.Tensor2D {
  return tf.reshape(x, [x.shape[0], x.shape[1] * x.shape[2] * x.shape[3]]);
}

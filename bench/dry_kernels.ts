/** Kernels that compute nothing: zeros of the right shape, and a word to whoever counts. A method's step on them asks for
 *  exactly what it would compute. @module */

import * as tf from "@tensorflow/tfjs";
import { composedKernels } from "../backends/composed_kernels.ts";
import type { ConvolutionOptions, Engine, Kernels } from "../backends/engine.ts";
import { soloTeam } from "../backends/team.ts";
import { elementCount } from "../models/layers.ts";

/** What is heard of; absent where nobody listens. */
export interface DryRun {
  /** Two for each multiply-add of a convolution, a dense layer, or one of their gradients, as it is asked for. */
  readonly onFlops?: (flops: number) => void;
  /** Elements of each tensor that a layer puts out. */
  readonly onOutput?: (elements: number) => void;
}

/** The engine with such kernels, alone in its team. */
export function dryEngine(engine: Engine, run: DryRun): Engine {
  return {
    ...engine,
    team: soloTeam(1),
    kernels: dryKernels(run),
    allReduce: (partials) => partials.map((partial) => partial.clone()),
  };
}

/** Convolutions, dense layers, pools and the inner loop are dry; what they leave to do on one image is next to nothing. */
function dryKernels({ onFlops = () => {}, onOutput = () => {} }: DryRun): Kernels {
  const composed = composedKernels();
  const product = <T extends tf.Tensor>(shape: number[], flops: number, factors: readonly tf.Tensor[]): T => {
    onFlops(flops);
    onOutput(elementCount(shape));
    return tf.addN(factors.map((factor) => zerosOf(factor, shape, () => onFlops(flops)))) as T;
  };
  return {
    ...composed,
    convolution(x, filter, bias, options) {
      const { shape, flops } = convolutionWork(x.shape, filter.shape, options);
      return tf.tidy(() => plusBias(product<tf.Tensor4D>(shape, flops, [x, filter]), bias));
    },
    dense(x, kernel, bias) {
      const shape = [x.shape[0], kernel.shape[1]], flops = 2 * x.shape[0] * kernel.size;
      return tf.tidy(() => plusBias(product<tf.Tensor2D>(shape, flops, [x, kernel]), bias));
    },
    maxPool(x) {
      const [batch, height, width, channels] = x.shape;
      const shape = [batch, height >> 1, width >> 1, channels];
      onOutput(elementCount(shape));
      return zerosOf(x, shape, () => {}) as tf.Tensor4D;
    },
    batchNormalization(x, ...rest) {
      onOutput(x.size);
      return composed.batchNormalization(x, ...rest);
    },
    normalization(x, ...rest) {
      onOutput(x.size);
      return composed.normalization(x, ...rest);
    },
    innerLoop({ firstLayer, x, steps }) {
      const { flops } = convolutionWork(x.shape, firstLayer.filter.shape, firstLayer);
      onFlops(firstLayer.activation === "none" ? flops : 2 * steps * flops);
      return tf.zerosLike(x);
    },
  };
}

/** Zeros that depend on `input`, as far as tf.grad can see; `onGradient` is called when its gradient is taken. */
function zerosOf(input: tf.Tensor, shape: readonly number[], onGradient: () => void): tf.Tensor {
  const { shape: inputShape } = input;
  const operation = tf.customGrad(() => ({
    value: tf.zeros([...shape]),
    gradFunc: () => {
      onGradient();
      return tf.zeros(inputShape); // by then the input itself may be gone
    },
  }));
  return operation(input);
}

function plusBias<T extends tf.Tensor>(product: T, bias: tf.Tensor1D | null): T {
  return bias === null ? product : tf.add<T>(product, bias);
}

type Shape4D = readonly [number, number, number, number];

/** Output shape of a convolution, and two flops for each multiply-add of it or of one of its gradients. */
export function convolutionWork(x: Shape4D, filter: Shape4D, { stride, padding }: ConvolutionOptions) {
  const [batch, height, width] = x, [filterHeight, filterWidth, , out] = filter;
  const { top, bottom, left, right } = padding;
  const shape = [
    batch,
    Math.floor((height + top + bottom - filterHeight) / stride) + 1,
    Math.floor((width + left + right - filterWidth) / stride) + 1,
    out,
  ];
  return { shape, flops: 2 * elementCount(shape) * elementCount(filter) / out };
}

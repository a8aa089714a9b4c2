/** What the layers of a network need from TensorFlow: forward and each gradient apart, so that only those that are asked
 *  for are computed. Two implementations: stock_layers.ts (TensorFlow's own operations) and own_layers.ts (ours, compiled
 *  into the binding). @module */

import type * as tf from "@tensorflow/tfjs";
import type { Activation, ConvolutionOptions } from "../engine.ts";

/** A convolution in the backward direction. */
export interface ConvolutionGradient {
  /** Gradient with respect to the layer's output, `[batch, height, width, out]`. */
  readonly dy: tf.Tensor4D;
  /** The layer's input. */
  readonly x: tf.Tensor4D;
  readonly filter: tf.Tensor4D;
  /** The layer's output; where the activation is ReLU, dy counts where y > 0. */
  readonly y: tf.Tensor4D;
  readonly options: ConvolutionOptions;
}

/** Tensors in, new tensors out; nothing here is seen by tf.grad, and nothing but the result is left over. */
export interface LayerOperations {
  convolution(
    x: tf.TensorInfo,
    filter: tf.TensorInfo,
    bias: tf.TensorInfo | undefined,
    options: ConvolutionOptions,
  ): tf.Tensor;
  /** The gradients of one backward pass; each is computed when it is called, what they share once. */
  convolutionGradients(gradient: ConvolutionGradient): {
    x(): tf.Tensor;
    filter(): tf.Tensor;
    bias(): tf.Tensor;
  };
  /** activation(sum + bias) of `[…, out]`; may overwrite `sum`, which the caller gives up. */
  biasActivation(sum: tf.Tensor, bias: tf.TensorInfo | undefined, activation: Activation): tf.Tensor;
  /** dy where y > 0, else 0. */
  passPositive(dy: tf.Tensor, y: tf.Tensor): tf.Tensor;
  /** Σ over all axes but the last. */
  biasGradient(dy: tf.Tensor): tf.Tensor;
  maxPool(x: tf.TensorInfo): tf.Tensor;
  maxPoolGradient(dy: tf.Tensor, x: tf.Tensor, y: tf.Tensor): tf.Tensor;
}

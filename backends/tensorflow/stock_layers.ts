/** Layers from TensorFlow's own operations: oneDNN convolutions, ReluGrad, BiasAddGrad, MaxPoolGrad. @module */

import * as tf from "@tensorflow/tfjs";
import type { ConvolutionOptions } from "../engine.ts";
import type { LayerOperations } from "./layer_operations.ts";
import type { Attribute, Operations } from "./operations.ts";

/** What stands between the convolutions; own_layers.ts has faster ones for the CPU. */
export type BetweenConvolutions = Omit<LayerOperations, "convolution" | "convolutionGradients">;

/** Convolutions of any build of TensorFlow, GPU builds included. */
export function stockLayers(operations: Operations, between = stockBetween(operations)): LayerOperations {
  return {
    ...between,
    convolution(x, filter, bias, options) {
      const sum = operations.one("Conv2D", convolutionAttributes(operations, options), [x, filter]);
      return between.biasActivation(sum, bias, options.activation);
    },
    convolutionGradients({ dy, x, filter, y, options }) {
      const attributes = convolutionAttributes(operations, options);
      const passed = options.activation === "relu" ? between.passPositive(dy, y) : dy;
      return {
        x: () =>
          withShape(x.shape, (shape) => operations.one("Conv2DBackpropInput", attributes, [shape, filter, passed])),
        filter: () =>
          withShape(filter.shape, (shape) => operations.one("Conv2DBackpropFilter", attributes, [x, shape, passed])),
        bias: () => between.biasGradient(passed),
      };
    },
  };
}

function stockBetween(operations: Operations): BetweenConvolutions {
  const { float32 } = operations;
  const channelsLast = operations.text("data_format", "NHWC");
  const poolAttributes = [
    float32,
    operations.integer("ksize", [1, 2, 2, 1]),
    operations.integer("strides", [1, 2, 2, 1]),
    operations.text("padding", "VALID"),
    channelsLast,
  ];
  return {
    biasActivation(sum, bias, activation) {
      const biased = bias === undefined ? sum : operations.one("BiasAdd", [float32, channelsLast], [sum, bias]);
      const active = activation === "relu" ? operations.one("Relu", [float32], [biased]) : biased;
      for (const used of new Set([sum, biased])) if (used !== active) used.dispose();
      return active;
    },
    passPositive: (dy, y) => operations.one("ReluGrad", [float32], [dy, y]),
    biasGradient: (dy) => operations.one("BiasAddGrad", [float32, channelsLast], [dy]),
    maxPool: (x) => operations.one("MaxPool", poolAttributes, [x]),
    maxPoolGradient: (dy, x, y) => operations.one("MaxPoolGrad", poolAttributes, [x, y, dy]),
  };
}

/** Attributes that Conv2D and its two gradients have in common. */
function convolutionAttributes(operations: Operations, { stride, padding }: ConvolutionOptions): Attribute[] {
  const { top, bottom, left, right } = padding;
  const explicit = top > 0 || bottom > 0 || left > 0 || right > 0;
  return [
    operations.float32,
    operations.integer("strides", [1, stride, stride, 1]),
    operations.text("padding", explicit ? "EXPLICIT" : "VALID"),
    ...(explicit ? [operations.integer("explicit_paddings", [0, 0, top, bottom, left, right, 0, 0])] : []),
    operations.text("data_format", "NHWC"),
    operations.boolean("use_cudnn_on_gpu", true),
    operations.integer("dilations", [1, 1, 1, 1]),
  ];
}

function withShape(shape: readonly number[], compute: (shape: tf.Tensor1D) => tf.Tensor): tf.Tensor {
  const vector = tf.tensor1d([...shape], "int32");
  const result = compute(vector);
  vector.dispose();
  return result;
}

/** SmallCNN, the MNIST network of TRADES (Zhang et al. 2019, arXiv:1901.08573) and YOPO (arXiv:1905.00877):
 *  conv 3x3-32 [= f0] · conv 3x3-32 · pool · conv 3x3-64 · conv 3x3-64 · pool · dense 200, dropout · dense 200 · dense;
 *  ReLU after all but the last, valid padding, 312,202 parameters on 28x28x1 images with 10 classes. Start weights as in
 *  the authors' lib/base_model/small_cnn.py: convolutions Kaiming-normal with zero bias, dense layers U(±1/√in), last
 *  layer zero. Dense rows are in h, w, c order. @module */

import {
  convolutionLayer,
  convolutionParameters,
  denseLayer,
  denseParameters,
  dropoutLayer,
  flatten,
  initializeParameters,
  parameter,
  shapesOf,
  VALID_RELU,
} from "./layers.ts";
import type * as tf from "@tensorflow/tfjs";
import { imageOptions } from "./image_options.ts";
import type { Model, ModelDefinition } from "./model.ts";
import { number, type OptionValues, resolveOptions } from "./options.ts";

const options = {
  ...imageOptions({ height: 28, width: 28, channels: 1, classes: 10 }),
  dropout: number({
    doc: "Share of the first dense layer's outputs dropped in training mode",
    min: 0,
    max: 0.99,
    default: 0.5,
  }),
};

/** Side length after two valid 3x3 convolutions, 2x2 pool, two more convolutions and a pool. */
function pooledSide(side: number): number {
  return Math.floor((Math.floor((side - 4) / 2) - 4) / 2);
}

function create(given: OptionValues = {}): Model {
  const resolved = resolveOptions(options, given, 'model "small-cnn"');
  const { height, width, channels, classes, dropout } = resolved;
  const features = pooledSide(height) * pooledSide(width) * 64;
  if (Math.min(pooledSide(height), pooledSide(width)) < 1) {
    throw new RangeError(`Cannot make model "small-cnn" for ${height}x${width} images: they must be at least 16x16`);
  }
  const definitions = [
    ...convolutionParameters("first", 3, channels, 32),
    ...convolutionParameters("conv2", 3, 32, 32),
    ...convolutionParameters("conv3", 3, 32, 64),
    ...convolutionParameters("conv4", 3, 64, 64),
    ...denseParameters("fc1", features, 200),
    ...denseParameters("fc2", 200, 200),
    ...denseParameters("fc3", 200, classes, { last: true }),
  ];
  return {
    name: "small-cnn",
    options: resolved,
    input: [height, width, channels],
    classes,
    parameters: shapesOf(definitions),
    buffers: [],
    initialize: (random) => initializeParameters(definitions, random),
    describeFirstLayer: (parameters) => ({
      ...VALID_RELU,
      filter: parameter(parameters, "first.kernel") as tf.Tensor4D,
      bias: parameter(parameters, "first.bias") as tf.Tensor1D,
    }),
    firstLayer: (parameters, x, context) => convolutionLayer(parameters, "first", x, { ...VALID_RELU, context }),
    rest(parameters, h, context) {
      const convolution = { ...VALID_RELU, context };
      const conv2 = convolutionLayer(parameters, "conv2", h, convolution);
      const conv3 = convolutionLayer(parameters, "conv3", context.kernels.maxPool(conv2), convolution);
      const conv4 = convolutionLayer(parameters, "conv4", conv3, convolution);
      const rows = flatten(context.kernels.maxPool(conv4));
      const fc1 = denseLayer(parameters, "fc1", rows, { context, activation: "relu" });
      const dropped = dropoutLayer("fc1", fc1, dropout, context);
      const fc2 = denseLayer(parameters, "fc2", dropped, { context, activation: "relu" });
      return denseLayer(parameters, "fc3", fc2, { context, activation: "none" });
    },
  };
}

/** YOPO's MNIST network. */
export const smallCnn: ModelDefinition = {
  name: "small-cnn",
  summary: "YOPO's MNIST network: 4 convolutions, 3 dense layers, 312,202 parameters",
  options,
  create,
};

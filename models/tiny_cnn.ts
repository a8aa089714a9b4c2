/** A network for tests and synthetic data, ours: conv 3x3-4 ReLU [= f0] · flatten · dense. Any image of 3x3 pixels or
 *  more; a dense start that is not zero, so that gradients reach f0 from the first step. @module */

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

const FILTERS = 4;

const options = {
  ...imageOptions({ height: 8, width: 8, channels: 1, classes: 3 }),
  dropout: number({ doc: "Share of f0's outputs dropped in training mode", min: 0, max: 0.99, default: 0 }),
};

function create(given: OptionValues = {}): Model {
  const resolved = resolveOptions(options, given, 'model "tiny-cnn"');
  const { height, width, channels, classes, dropout } = resolved;
  if (Math.min(height, width) < 3) {
    throw new RangeError(`Cannot make model "tiny-cnn" for ${height}x${width} images: they must be at least 3x3`);
  }
  const definitions = [
    ...convolutionParameters("first", 3, channels, FILTERS),
    ...denseParameters("fc1", (height - 2) * (width - 2) * FILTERS, classes),
  ];
  return {
    name: "tiny-cnn",
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
      const rows = dropoutLayer("flatten", flatten(h), dropout, context);
      return denseLayer(parameters, "fc1", rows, { context, activation: "none" });
    },
  };
}

/** A network of a few hundred parameters for tests and synthetic data. */
export const tinyCnn: ModelDefinition = {
  name: "tiny-cnn",
  summary: "One convolution and one dense layer, for tests and synthetic data",
  options,
  create,
};

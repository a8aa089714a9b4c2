/** A batch-normalised network for tests and tiny experiments, ours: conv 3x3-8 [= f0, linear] · BN ReLU · conv 3x3-16, stride
 *  2 · BN ReLU · mean over height and width · dense. Padding 1 on every side, convolutions without bias. @module */

import * as tf from "@tensorflow/tfjs";
import { imageOptions } from "./image_options.ts";
import {
  convolutionLayer,
  convolutionParameters,
  denseLayer,
  denseParameters,
  initializeParameters,
  LINEAR_SAME,
  parameter,
  shapesOf,
} from "./layers.ts";
import type { Model, ModelDefinition } from "./model.ts";
import { normalizationBuffers, normalizationLayer, normalizationParameters } from "./normalization.ts";
import { type OptionValues, resolveOptions } from "./options.ts";

const options = imageOptions({ height: 32, width: 32, channels: 3, classes: 10 });

function create(given: OptionValues = {}): Model {
  const resolved = resolveOptions(options, given, 'model "tiny-bn"');
  const { height, width, channels, classes } = resolved;
  const definitions = [
    ...convolutionParameters("first", 3, channels, 8, { bias: false }),
    ...normalizationParameters("bn1", 8),
    ...convolutionParameters("conv2", 3, 8, 16, { bias: false }),
    ...normalizationParameters("bn2", 16),
    ...denseParameters("fc", 16, classes),
  ];
  const buffers = [...normalizationBuffers("bn1", 8), ...normalizationBuffers("bn2", 16)];
  return {
    name: "tiny-bn",
    options: resolved,
    input: [height, width, channels],
    classes,
    parameters: shapesOf(definitions),
    buffers: shapesOf(buffers),
    initialize: (random) => initializeParameters([...definitions, ...buffers], random),
    describeFirstLayer: (parameters) => ({
      ...LINEAR_SAME,
      filter: parameter(parameters, "first.kernel") as tf.Tensor4D,
      bias: null,
    }),
    firstLayer: (parameters, x, context) => convolutionLayer(parameters, "first", x, { ...LINEAR_SAME, context }),
    rest(parameters, h, context) {
      const relu = { context, activation: "relu" } as const;
      const wide = normalizationLayer(parameters, "bn1", h, relu);
      const conv2 = convolutionLayer(parameters, "conv2", wide, { ...LINEAR_SAME, stride: 2, context });
      const pooled = tf.mean<tf.Tensor2D>(normalizationLayer(parameters, "bn2", conv2, relu), [1, 2]);
      return denseLayer(parameters, "fc", pooled, { context, activation: "none" });
    },
  };
}

/** A batch-normalised network of 1,586 parameters. */
export const tinyBn: ModelDefinition = {
  name: "tiny-bn",
  summary: "Two convolutions with batch normalisation, for tests",
  options,
  create,
};

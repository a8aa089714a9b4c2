/** A batch-normalised net for tests: conv 3x3-8, linear [= f0] · BN · ReLU · conv 3x3-8 · BN · ReLU · dense. Training mode
 *  only: it has no running statistics. @module */

import * as tf from "@tensorflow/tfjs";
import {
  convolutionLayer,
  convolutionParameters,
  denseLayer,
  denseParameters,
  flatten,
  initializeParameters,
  parameter,
  type ParameterDefinition,
  shapesOf,
  VALID_RELU,
} from "../../models/layers.ts";
import type { ForwardContext, Model, Parameters } from "../../models/model.ts";

const SIDE = 10, CHANNELS = 8, CLASSES = 4;
const LINEAR = { ...VALID_RELU, activation: "none" } as const;

const ones = (values: Float32Array): void => void values.fill(1);

function normalization(name: string): ParameterDefinition[] {
  return [
    { name: `${name}.scale`, shape: [CHANNELS], start: ones },
    { name: `${name}.offset`, shape: [CHANNELS], start: (values) => void values.fill(0) },
  ];
}

const definitions = [
  ...convolutionParameters("first", 3, 1, CHANNELS),
  ...normalization("bn1"),
  ...convolutionParameters("conv2", 3, CHANNELS, CHANNELS),
  ...normalization("bn2"),
  ...denseParameters("fc", (SIDE - 4) ** 2 * CHANNELS, CLASSES),
];

function normalized(parameters: Parameters, name: string, x: tf.Tensor4D, { kernels }: ForwardContext): tf.Tensor4D {
  const [scale, offset] = ["scale", "offset"].map((part) => parameter(parameters, `${name}.${part}`) as tf.Tensor1D);
  const { y, mean, variance } = kernels.batchNormalization(x, scale!, offset!, { epsilon: 1e-5, activation: "none" });
  tf.dispose([mean, variance]);
  return tf.relu(y);
}

/** Images of 10x10x1, 4 classes. */
export const normalizedNet: Model = {
  name: "normalized-net",
  options: {},
  input: [SIDE, SIDE, 1],
  classes: CLASSES,
  parameters: shapesOf(definitions),
  buffers: [],
  initialize: (random) => initializeParameters(definitions, random),
  describeFirstLayer: (parameters) => ({
    ...LINEAR,
    filter: parameter(parameters, "first.kernel") as tf.Tensor4D,
    bias: parameter(parameters, "first.bias") as tf.Tensor1D,
  }),
  firstLayer: (parameters, x, context) => convolutionLayer(parameters, "first", x, { ...LINEAR, context }),
  rest(parameters, h, context) {
    const first = normalized(parameters, "bn1", h, context);
    const second = normalized(
      parameters,
      "bn2",
      convolutionLayer(parameters, "conv2", first, { ...LINEAR, context }),
      context,
    );
    return denseLayer(parameters, "fc", flatten(second), { context, activation: "none" });
  },
};

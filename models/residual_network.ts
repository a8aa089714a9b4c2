/** Networks of pre-activation residual blocks: linear 3x3 convolution without bias [= f0] · blocks · BN and ReLU or nothing ·
 *  mean over height and width · dense. Start weights: convolutions Kaiming-normal (He et al. 2015), the dense layer
 *  U(±1/√in). @module */

import * as tf from "@tensorflow/tfjs";
import { filterOnPixels, normalizedInput } from "./input_normalization.ts";
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
import type { Model } from "./model.ts";
import { normalizationBuffers, normalizationLayer, normalizationParameters } from "./normalization.ts";
import { blockBuffers, blockParameters, type ResidualBlock, residualBlock } from "./residual.ts";

/** What tells one such network from another. */
export interface ResidualNetwork extends Pick<Model, "name" | "options" | "input" | "classes"> {
  /** At least one. */
  readonly blocks: readonly ResidualBlock[];
  /** Whether BN and ReLU follow the last block. */
  readonly finalActivation: boolean;
  readonly normalize: "none" | "cifar10";
}

export function residualNetwork({ blocks, finalActivation, normalize, ...model }: ResidualNetwork): Model {
  const width = blocks.at(-1)!.output;
  const definitions = [
    ...convolutionParameters("first", 3, model.input[2], blocks[0]!.input, { bias: false }),
    ...blocks.flatMap(blockParameters),
    ...(finalActivation ? normalizationParameters("bn1", width) : []),
    ...denseParameters("fc", width, model.classes),
  ];
  const buffers = [...blocks.flatMap(blockBuffers), ...(finalActivation ? normalizationBuffers("bn1", width) : [])];
  return {
    ...model,
    parameters: shapesOf(definitions),
    buffers: shapesOf(buffers),
    initialize: (random) => initializeParameters([...definitions, ...buffers], random),
    describeFirstLayer: (parameters) => ({
      ...LINEAR_SAME,
      filter: filterOnPixels(parameter(parameters, "first.kernel") as tf.Tensor4D, normalize),
      bias: null,
    }),
    firstLayer: (parameters, x, context) =>
      convolutionLayer(parameters, "first", normalizedInput(x, normalize), { ...LINEAR_SAME, context }),
    rest(parameters, h, context) {
      let v = h;
      for (const block of blocks) v = residualBlock(parameters, block, v, context);
      if (finalActivation) v = normalizationLayer(parameters, "bn1", v, { context, activation: "relu" });
      const pooled = tf.mean<tf.Tensor2D>(v, [1, 2]);
      return denseLayer(parameters, "fc", pooled, { context, activation: "none" });
    },
  };
}

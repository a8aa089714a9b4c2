/** The kernel table over our own operations, on TensorFlow's CPU. @module */

import * as tf from "@tensorflow/tfjs";
import { composedKernels } from "../composed_kernels.ts";
import type { Kernels, Precision } from "../engine.ts";
import { innerLoop } from "../inner_loop.ts";
import { crossEntropy, registerCrossEntropy } from "./cross_entropy.ts";
import { withFilterGradients } from "./filter_gradient.ts";
import { withInputGradients } from "./input_gradient.ts";
import { layerKernels, registerLayers } from "./layers.ts";
import type { Operations } from "./operations.ts";
import { ownBetween, ownLayers } from "./own_layers.ts";
import { ownNormalization, registerOwnNormalization } from "./own_normalization.ts";
import { ownSteps, suitsInnerLoop } from "./own_steps.ts";
import { firstLayerGradient } from "./stock_kernels.ts";
import { stockLayers } from "./stock_layers.ts";
import { withWinograd } from "./winograd.ts";

/** Registers the kernels and returns the table. Our convolutions compute in float32; in another precision oneDNN's do. */
export function ownKernels(operations: Operations, precision: Precision): Kernels {
  const stock = withInputGradients(operations, stockLayers(operations, ownBetween(operations)));
  const layers = precision === "f32"
    ? withWinograd(operations, ownLayers(operations, withFilterGradients(operations, stock)))
    : stock;
  const { lossesAndResiduals, ...steps } = ownSteps(operations);
  registerLayers(layers);
  registerOwnNormalization(operations);
  registerCrossEntropy(lossesAndResiduals);
  return {
    ...composedKernels(),
    ...layerKernels,
    ...steps,
    ...ownNormalization,
    crossEntropy,
    innerLoop: (loop) =>
      suitsInnerLoop(loop)
        ? steps.innerLoop(loop)
        : innerLoop(loop, (z: tf.Tensor4D) => firstLayerGradient(layers, loop.firstLayer, z, loop.p)),
  };
}

/** The kernel table over TensorFlow's own operations, for builds without ours. @module */

import * as tf from "@tensorflow/tfjs";
import { composedKernels } from "../composed_kernels.ts";
import type { FirstLayer, Kernels } from "../engine.ts";
import { innerLoop } from "../inner_loop.ts";
import { batchNormalization, registerBatchNormalization } from "./batch_normalization.ts";
import { crossEntropy, registerCrossEntropy, stockLossesAndResiduals } from "./cross_entropy.ts";
import type { LayerOperations } from "./layer_operations.ts";
import { layerKernels, registerLayers } from "./layers.ts";
import type { Operations } from "./operations.ts";
import { stockLayers } from "./stock_layers.ts";

/** Registers the kernels and returns the table. */
export function stockKernels(operations: Operations): Kernels {
  const layers = stockLayers(operations);
  registerLayers(layers);
  registerBatchNormalization(operations);
  registerCrossEntropy(stockLossesAndResiduals);
  return {
    ...composedKernels(),
    ...layerKernels,
    batchNormalization,
    crossEntropy,
    innerLoop: (loop) => innerLoop(loop, (z) => firstLayerGradient(layers, loop.firstLayer, z, loop.p)),
  };
}

/** ∂(Σ p·f0(z))/∂z. */
export function firstLayerGradient(
  layers: LayerOperations,
  { filter, bias, ...options }: FirstLayer,
  z: tf.Tensor4D,
  p: tf.Tensor4D,
): tf.Tensor4D {
  return tf.tidy(() => {
    // Without an activation the output is not looked at.
    const y = options.activation === "relu" ? layers.convolution(z, filter, bias ?? undefined, options) : p;
    return layers.convolutionGradients({ dy: p, x: z, filter, y: y as tf.Tensor4D, options }).x() as tf.Tensor4D;
  });
}

/** The gradient of large filters from our own operation, which shares the filter out to the threads and not the batch.
 *  @module */

import type { ConvolutionGradient, LayerOperations } from "./layer_operations.ts";
import type { Operations } from "./operations.ts";
import { convolutionAttributes, LANES } from "./own_layers.ts";

/** `layers` with our gradients of filters where there is code for them. */
export function withFilterGradients(operations: Operations, layers: LayerOperations): LayerOperations {
  return {
    ...layers,
    convolutionGradients(gradient) {
      const gradients = layers.convolutionGradients(gradient);
      if (gradient.filter.shape[3] % LANES !== 0) return gradients;
      return { ...gradients, filter: () => filterGradient(operations, layers, gradient) };
    },
  };
}

function filterGradient(operations: Operations, layers: LayerOperations, gradient: ConvolutionGradient) {
  const { dy, y, x, filter: { shape: [height, width] }, options } = gradient;
  const attributes = [
    ...convolutionAttributes(operations, { ...options, activation: "none" }),
    operations.integer("kernel_height", height),
    operations.integer("kernel_width", width),
  ];
  const passed = options.activation === "relu" ? layers.passPositive(dy, y) : dy;
  const result = operations.one("YopoWideFilterGradient", attributes, [x, passed]);
  if (passed !== dy) passed.dispose();
  return result;
}

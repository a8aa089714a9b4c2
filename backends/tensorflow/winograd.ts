/** Linear convolutions without bias by our own Winograd operation, forward and for the input gradient. Layers with a bias or an
 *  activation, as before max pooling, stay with the direct ones: Winograd's outputs of equal patches lose their equal bits, and
 *  where no gradient reaches a pixel it may leave a rounding residue. In residual networks neither decides anything. @module */

import type { ConvolutionOptions } from "../engine.ts";
import { inputGradient, paddingOf } from "./input_gradient.ts";
import type { LayerOperations } from "./layer_operations.ts";
import type { Operations } from "./operations.ts";
import { convolutionAttributes, LANES } from "./own_layers.ts";

/** Below this many channels the transforms cost what the products save. */
const LEAST_CHANNELS = 64;

/** The transformed filter is fetched anew for every few tiles: so many input times output channels stay in the last cache. */
const MOST_PAIRS = 1 << 18;

/** Pixels of an output below which transforming the filter costs too much; of an image, so that the choice, and with it an
 *  image's bits, do not depend on the batch. */
const LEAST_PIXELS = 16;

/** `layers` with Winograd's method where it pays. */
export function withWinograd(operations: Operations, layers: LayerOperations): LayerOperations {
  const winograd: LayerOperations = {
    ...layers,
    convolution(x, filter, bias, options) {
      const { top, bottom, left, right } = options.padding;
      const pixels = (x.shape[1]! + top + bottom - 2) * (x.shape[2]! + left + right - 2);
      if (bias !== undefined || !suits(filter.shape, options, pixels)) {
        return layers.convolution(x, filter, bias, options);
      }
      return operations.one("YopoWinogradConvolution", convolutionAttributes(operations, options), [x, filter]);
    },
  };
  return {
    ...winograd,
    convolutionGradients(gradient) {
      const { x: { shape: [, height, width] }, filter, options } = gradient;
      const gradients = layers.convolutionGradients(gradient), padding = paddingOf(gradient);
      if (padding === null || !suits(filter.shape, options, height * width)) return gradients;
      return { ...gradients, x: () => inputGradient(operations, winograd, gradient, padding) };
    },
  };
}

function suits(filter: readonly number[], { stride, activation }: ConvolutionOptions, pixels: number): boolean {
  const [height, width, input, output] = filter as [number, number, number, number];
  return height === 3 && width === 3 && stride === 1 && activation === "none" && pixels >= LEAST_PIXELS &&
    input % LANES === 0 && output % LANES === 0 && Math.min(input, output) >= LEAST_CHANNELS &&
    input * output <= MOST_PAIRS;
}

/** Layers from our own operations, where they are compiled into the binding: bias and ReLU are applied while a convolution
 *  writes its sums, and the gradients mask dy while they read it. What they have no code for is left to TensorFlow's own
 *  operations. @module */

import * as tf from "@tensorflow/tfjs";
import type { ConvolutionOptions } from "../engine.ts";
import type { LayerOperations } from "./layer_operations.ts";
import type { BetweenConvolutions } from "./stock_layers.ts";
import type { Attribute, Operations } from "./operations.ts";

/** Lanes of the widest vectors for which the operations may be compiled; channels must be a multiple of them. */
export const LANES = 16;

/** Larger filters do not stay in a core's cache while ours goes over an image; oneDNN blocks them better. */
const LARGEST_FILTER = 1 << 16;

/** What stands between the convolutions. */
export function ownBetween(operations: Operations): BetweenConvolutions {
  return {
    biasActivation(sum, bias, activation) {
      if (bias === undefined && activation === "none") return sum;
      const relu = [operations.boolean("relu", activation === "relu")];
      const result = operations.one("YopoBiasActivation", relu, [sum, bias ?? operations.nothing]);
      sum.dispose();
      return result;
    },
    passPositive: (dy, y) => operations.one("YopoPassPositive", [], [dy, y]),
    biasGradient: (dy) => operations.one("YopoBiasGradient", [], [dy]),
    maxPool: (x) => operations.one("YopoMaxPool", [], [x]),
    maxPoolGradient: (dy, x) => operations.one("YopoMaxPoolGradient", [], [dy, x]),
  };
}

/** Layers that prefer our convolutions to `stock`. */
export function ownLayers(operations: Operations, stock: LayerOperations): LayerOperations {
  return {
    ...stock,
    convolution(x, filter, bias, options) {
      if (!suits(filter.shape)) return stock.convolution(x, filter, bias, options);
      return operations.one("YopoConvolution", convolutionAttributes(operations, options), [
        x,
        filter,
        bias ?? operations.nothing,
      ]);
    },
    convolutionGradients(gradient) {
      const { dy, x, filter, y, options } = gradient;
      if (!suits(filter.shape)) return stock.convolutionGradients(gradient);
      const attributes = convolutionAttributes(operations, options);
      // Filled by the filter's gradient; made here, it lasts as long as tfjs's whole backward pass.
      const biasGradient = tf.zeros([filter.shape[3]]);
      const filterGradient = () => {
        const [height, width] = filter.shape;
        const kernel = [operations.integer("kernel_height", height), operations.integer("kernel_width", width)];
        const inputs = [x, dy, y, biasGradient];
        return operations.one("YopoConvolutionFilterGradient", [...attributes, ...kernel], inputs);
      };
      let filled = false;
      const inputGradient = () => {
        const size = [operations.integer("height", x.shape[1]), operations.integer("width", x.shape[2])];
        return operations.one("YopoConvolutionInputGradient", [...attributes, ...size], [dy, y, filter]);
      };
      const ours = suitsInputGradient(filter.shape, options);
      return {
        x: ours ? inputGradient : () => stock.convolutionGradients(gradient).x(),
        filter() {
          filled = true;
          return filterGradient();
        },
        bias() {
          if (!filled) filterGradient().dispose();
          filled = true;
          return biasGradient.clone();
        },
      };
    },
  };
}

/** Attributes that all operations of a convolution have. */
export function convolutionAttributes(
  operations: Operations,
  { stride, padding: { top, bottom, left, right }, activation }: ConvolutionOptions,
): Attribute[] {
  return [
    operations.integer("stride", stride),
    operations.integer("padding", [top, bottom, left, right]),
    operations.boolean("relu", activation === "relu"),
  ];
}

function suits(filter: readonly number[]): boolean {
  return filter[3]! % LANES === 0 && tf.util.sizeFromShape([...filter]) <= LARGEST_FILTER;
}

/** Every pixel of the image must see whole filters, and few channels are for the code of first layers. */
function suitsInputGradient(filter: readonly number[], { stride, padding }: ConvolutionOptions): boolean {
  const [height, width, channels] = filter as [number, number, number, number];
  const covered = Math.max(padding.top, padding.bottom) < height && Math.max(padding.left, padding.right) < width;
  return stride === 1 && covered && (channels % LANES === 0 || channels <= 4);
}

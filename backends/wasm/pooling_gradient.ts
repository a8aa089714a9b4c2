/** The gradient of 2x2 max pooling with stride 2. Ties give the whole gradient to the first maximum in row-major order,
 *  as PyTorch and tfjs's cpu backend do. @module */

import * as tf from "@tensorflow/tfjs";
import { pointerOf, type WasmKernel } from "./heap.ts";
import { assembly } from "./module.ts";

type PoolingInputs = "dy" | "input" | "output";

/** MaxPoolGrad for cells that do not overlap; tfjs's own kernel does the rest. */
export function maxPoolGrad(
  stock: WasmKernel<PoolingInputs, tf.MaxPoolGradAttrs>,
): WasmKernel<PoolingInputs, tf.MaxPoolGradAttrs> {
  return (inputs, attributes, backend) => {
    const { filterSize, strides, pad, dimRoundingMode } = attributes;
    const shape = inputs.input.shape as [number, number, number, number];
    const info = tf.backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
    const isTwoByTwo = [info.filterHeight, info.filterWidth, info.strideHeight, info.strideWidth].every((n) => n === 2);
    const { top, bottom, left, right } = info.padInfo;
    if (!isTwoByTwo || top + bottom + left + right > 0) return stock(inputs, attributes, backend);
    const out = backend.makeOutput(shape, "float32");
    const [x, dy, dx] = [inputs.input, inputs.dy, out].map((tensor) => pointerOf(backend, tensor));
    const [batch, height, width, channels] = shape;
    assembly().maxPoolGradient(x!, dy!, dx!, batch, height, width, channels);
    return out;
  };
}

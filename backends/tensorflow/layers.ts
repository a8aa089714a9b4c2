/** Convolution, dense layer and max pool as tfjs kernels with gradients: tf.customGrad would compute every input's
 *  gradient, needed or not. @module */

import * as tf from "@tensorflow/tfjs";
import type { Activation, ConvolutionOptions, Kernels } from "../engine.ts";
import type { LayerOperations } from "./layer_operations.ts";
import { registerKernel } from "./register_kernel.ts";

const CONVOLUTION = "TensorflowConvolution";
const DENSE = "TensorflowDense";
const MAX_POOL = "TensorflowMaxPool";

/** Calls of the kernels that {@linkcode registerLayers} registers. */
export const layerKernels: Pick<Kernels, "convolution" | "dense" | "maxPool"> = {
  convolution: (x, filter, bias, { stride, padding, activation }) =>
    tf.engine().runKernel(CONVOLUTION, withBias({ x, filter }, bias), {
      stride,
      padding: { ...padding },
      activation,
    }),
  dense: (x, kernel, bias, activation) => tf.engine().runKernel(DENSE, withBias({ x, kernel }, bias), { activation }),
  maxPool: (x) => tf.engine().runKernel(MAX_POOL, { x }),
};

function withBias(inputs: tf.NamedTensorMap, bias: tf.Tensor1D | null): tf.NamedTensorMap {
  return bias === null ? inputs : { ...inputs, bias };
}

/** Registers the layers. */
export function registerLayers(layers: LayerOperations): void {
  registerConvolution(layers);
  registerDense(layers);
  registerKernel(MAX_POOL, ({ x }) => layers.maxPool(x!), {
    inputsToSave: ["x"],
    outputsToSave: [true],
    gradients: ([dy], [x, y]) => ({ x: () => layers.maxPoolGradient(dy!, x!, y!) }),
  });
}

function registerConvolution(layers: LayerOperations): void {
  registerKernel<ConvolutionOptions>(
    CONVOLUTION,
    ({ x, filter, bias }, options) => layers.convolution(x!, filter!, bias, options),
    {
      inputsToSave: ["x", "filter"],
      outputsToSave: [true],
      gradients(dys, saved, options) {
        const [dy] = dys as [tf.Tensor4D];
        const [x, filter, y] = saved as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
        return { ...layers.convolutionGradients({ dy, x, filter, y, options }) };
      },
    },
  );
}

function registerDense(layers: LayerOperations): void {
  registerKernel<{ readonly activation: Activation }>(
    DENSE,
    ({ x, kernel, bias }, { activation }) =>
      layers.biasActivation(tf.matMul(x as tf.Tensor2D, kernel as tf.Tensor2D), bias, activation),
    {
      inputsToSave: ["x", "kernel"],
      outputsToSave: [true],
      gradients(dys, saved, { activation }) {
        const [x, kernel, y] = saved as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
        const dy = dys[0] as tf.Tensor2D;
        const passed = activation === "relu" ? layers.passPositive(dy, y) : dy;
        return {
          x: () => tf.matMul(passed as tf.Tensor2D, kernel, false, true),
          kernel: () => tf.matMul(x, passed as tf.Tensor2D, true, false),
          bias: () => layers.biasGradient(passed),
        };
      },
    },
  );
}

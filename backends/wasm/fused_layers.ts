/** Convolution and dense layers as tfjs kernels of our own: XNNPACK adds the bias and applies ReLU while it writes the
 *  product, and the gradient masks dy once for all inputs. tfjs's fused ops do this outside of gradients only, and
 *  tf.customGrad would compute every input's gradient, needed or not. @module */

import * as tf from "@tensorflow/tfjs";
import type { Activation, ConvolutionOptions } from "../engine.ts";
import { tfjsPadding } from "../composed_kernels.ts";
import { runKernel, share, type WasmBackend } from "./heap.ts";

const CONVOLUTION = "YopoConvolution";
const DENSE = "YopoDense";
const FUSED_ACTIVATION = { none: "linear", relu: "relu" } as const;

type ConvolutionAttributes = { stride: number; pad: "valid" | tf.backend_util.ExplicitPadding; activation: Activation };
type Shape4D = [number, number, number, number];
type DenseAttributes = { activation: Activation };

/** activation(conv2d(x, filter) + bias) through the kernel below. */
export function fusedConvolution(
  x: tf.Tensor4D,
  filter: tf.Tensor4D,
  bias: tf.Tensor1D | null,
  { stride, padding, activation }: ConvolutionOptions,
): tf.Tensor4D {
  const attributes: ConvolutionAttributes = { stride, pad: tfjsPadding(padding), activation };
  return tf.engine().runKernel(CONVOLUTION, bias === null ? { x, filter } : { x, filter, bias }, attributes);
}

/** activation(x · kernel + bias) through the kernel below. */
export function fusedDense(
  x: tf.Tensor2D,
  kernel: tf.Tensor2D,
  bias: tf.Tensor1D | null,
  activation: Activation,
): tf.Tensor2D {
  const attributes: DenseAttributes = { activation };
  return tf.engine().runKernel(DENSE, bias === null ? { x, kernel } : { x, kernel, bias }, attributes);
}

/** Registers the kernels and their gradients. */
export function registerFusedLayers(): void {
  registerConvolution();
  registerDense();
}

function registerConvolution(): void {
  tf.registerKernel({
    kernelName: CONVOLUTION,
    backendName: "wasm",
    kernelFunc: ({ inputs, attrs, backend }) =>
      convolutionForward(
        inputs as Record<string, tf.TensorInfo>,
        attrs as ConvolutionAttributes,
        backend as WasmBackend,
      ),
  });
  tf.registerGradient({
    kernelName: CONVOLUTION,
    inputsToSave: ["x", "filter"],
    outputsToSave: [true],
    gradFunc(dy, saved, attrs) {
      const { stride, pad, activation } = attrs as ConvolutionAttributes;
      const [x, filter, y] = saved as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
      const passed = activation === "relu" ? passPositive(dy as tf.Tensor4D, y) : dy as tf.Tensor4D;
      return {
        x: () => tf.conv2dTranspose(passed, filter, x.shape, stride, pad),
        filter: () => filterGradient(x, passed, filter.shape, stride, pad),
        bias: () => tf.sum(passed, [0, 1, 2]),
      };
    },
  });
}

function registerDense(): void {
  tf.registerKernel({
    kernelName: DENSE,
    backendName: "wasm",
    kernelFunc({ inputs, attrs, backend }) {
      const { activation } = attrs as DenseAttributes;
      return denseForward(inputs as Record<string, tf.TensorInfo>, activation, backend as WasmBackend);
    },
  });
  tf.registerGradient({
    kernelName: DENSE,
    inputsToSave: ["x", "kernel"],
    outputsToSave: [true],
    gradFunc(dy, saved, attrs) {
      const { activation } = attrs as DenseAttributes;
      const [x, kernel, y] = saved as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
      const passed = activation === "relu" ? passPositive(dy as tf.Tensor2D, y) : dy as tf.Tensor2D;
      return {
        x: () => tf.matMul(passed, kernel, false, true),
        kernel: () => tf.matMul(x, passed, true, false),
        bias: () => tf.sum(passed, 0),
      };
    },
  });
}

function convolutionForward(
  inputs: Record<string, tf.TensorInfo>,
  { stride, pad, activation }: ConvolutionAttributes,
  backend: WasmBackend,
): tf.TensorInfo {
  const fused = FUSED_ACTIVATION[activation];
  const attributes = { strides: stride, pad, dilations: 1, dataFormat: "NHWC", activation: fused };
  return runKernel("FusedConv2D", inputs, attributes, backend);
}

function denseForward(
  { x, kernel, bias }: Record<string, tf.TensorInfo>,
  activation: Activation,
  backend: WasmBackend,
): tf.TensorInfo {
  // tfjs's kernel takes batches of matrices.
  const a = share(backend, x!, [1, ...x!.shape]);
  const b = share(backend, kernel!, [1, ...kernel!.shape]);
  const attributes = { transposeA: false, transposeB: false, activation: FUSED_ACTIVATION[activation] };
  const inputs = bias === undefined ? { a, b } : { a, b, bias };
  const product = runKernel("_FusedMatMul", inputs, attributes, backend);
  backend.disposeData(a.dataId);
  backend.disposeData(b.dataId);
  return { ...product, shape: product.shape.slice(1) };
}

function filterGradient(
  x: tf.Tensor4D,
  dy: tf.Tensor4D,
  filterShape: Shape4D,
  stride: number,
  pad: "valid" | tf.backend_util.ExplicitPadding,
): tf.Tensor4D {
  const attributes = { strides: stride, pad, dataFormat: "NHWC", filterShape };
  return tf.engine().runKernel("Conv2DBackpropFilter", { x, dy }, attributes);
}

/** `values` where y > 0, else 0: the gradient of ReLU with output y. */
export function passPositive<T extends tf.Tensor>(values: T, y: T): T {
  return tf.mul<T>(values, tf.step(y)); // two SIMD passes, three times as fast as one in JavaScript
}

/** Convolution and dense layers as tfjs kernels of our own: bias and ReLU are applied while the product is written, and the
 *  gradient masks dy once for all inputs. tfjs's fused ops do this outside of gradients only, and tf.customGrad would
 *  compute every input's gradient, needed or not. @module */

import * as tf from "@tensorflow/tfjs";
import { tfjsPadding } from "../composed_kernels.ts";
import type { Activation, ConvolutionOptions } from "../engine.ts";
import { batchColumnSums } from "./column_sums.ts";
import { convolve, filterOf, targetOf } from "./convolution.ts";
import { defineKernel, type KernelInputs } from "./define_kernel.ts";
import { pointerOf, sizeOf, type WasmBackend } from "./heap.ts";
import { factorOf, floorOf, product } from "./matrix_product.ts";
import { assembly } from "./module.ts";
import { sumShards } from "./shard_tree.ts";
import { teamInUse } from "./team_in_use.ts";

const CONVOLUTION = "YopoConvolution";
const DENSE = "YopoDense";
const DENSE_KERNEL_GRADIENT = "YopoDenseKernelGradient";
const RELU_GRADIENT = "YopoReluGradient";

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

/** `values` where y > 0, else 0: the gradient of ReLU with output y. */
export function passPositive<T extends tf.Tensor>(values: T, y: T): T {
  return tf.engine().runKernel(RELU_GRADIENT, { values, y });
}

/** Registers the kernels and their gradients. */
export function registerFusedLayers(): void {
  defineKernel(CONVOLUTION, convolutionForward);
  defineKernel(DENSE, denseForward);
  defineKernel(DENSE_KERNEL_GRADIENT, denseKernelGradient);
  defineKernel(RELU_GRADIENT, reluGradient);
  registerConvolutionGradient();
  registerDenseGradient();
}

function registerConvolutionGradient(): void {
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
        bias: () => batchColumnSums(passed),
      };
    },
  });
}

function registerDenseGradient(): void {
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
        kernel: () => tf.engine().runKernel<tf.Tensor2D>(DENSE_KERNEL_GRADIENT, { x, dy: passed }),
        bias: () => batchColumnSums(passed),
      };
    },
  });
}

function convolutionForward(
  { x, filter, bias }: KernelInputs,
  { stride, pad, activation }: ConvolutionAttributes,
  backend: WasmBackend,
): tf.TensorInfo {
  const shape = x!.shape as Shape4D, filterShape = filter!.shape as Shape4D;
  const geometry = tf.backend_util.computeConv2DInfo(shape, filterShape, stride, 1, pad);
  const { outShape, batchSize, inHeight, inWidth, outHeight, outWidth, outChannels, padInfo: { top, left } } = geometry;
  const out = backend.makeOutput(outShape, "float32");
  convolve(
    backend,
    { pointer: pointerOf(backend, x!), count: batchSize, height: inHeight, width: inWidth },
    filterOf(pointerOf(backend, filter!), filterShape),
    targetOf(pointerOf(backend, out), outHeight, outWidth, outChannels),
    {
      ...{ stride, top, left, largestTile: 2, floor: floorOf(activation) },
      bias: bias === undefined ? null : pointerOf(backend, bias),
    },
  );
  return out;
}

function denseForward(
  { x, kernel, bias }: KernelInputs,
  { activation }: DenseAttributes,
  backend: WasmBackend,
): tf.TensorInfo {
  const [inner, columns] = kernel!.shape as [number, number];
  const rows = x!.shape[0]!;
  const out = backend.makeOutput([rows, columns], "float32");
  const factor = factorOf(pointerOf(backend, kernel!), inner, columns);
  product(backend, pointerOf(backend, x!), factor, pointerOf(backend, out), {
    rows,
    bias: bias === undefined ? null : pointerOf(backend, bias),
    floor: floorOf(activation),
  });
  return out;
}

/** xᵀ·dy, summed over the batch in shard order. */
function denseKernelGradient({ x, dy }: KernelInputs, _: unknown, backend: WasmBackend): tf.TensorInfo {
  const [count, inner] = x!.shape as [number, number], columns = dy!.shape[1]!;
  return sumShards(teamInUse().shardBounds(count), [inner, columns], backend, (first, end, to) => {
    const rows = pointerOf(backend, x!) + 4 * first * inner, gradients = pointerOf(backend, dy!) + 4 * first * columns;
    assembly().multiplyTransposed(rows, gradients, end - first, inner, columns, to);
  });
}

function reluGradient({ values, y }: KernelInputs, _: unknown, backend: WasmBackend): tf.TensorInfo {
  const out = backend.makeOutput(values!.shape, "float32");
  const [from, output, to] = [values!, y!, out].map((tensor) => pointerOf(backend, tensor)) as [number, number, number];
  assembly().reluGradient(from, output, to, sizeOf(values!.shape));
  return out;
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

/** The filter's gradient of a convolution on tfjs's cpu backend, in loops over plain arrays: tfjs's own reads every element
 *  through an accessor and is 50 times slower than its forward pass. The products are added in float64 in the same order, so
 *  the bits are tfjs's own. @module */

import * as tf from "@tensorflow/tfjs";

const KERNEL = "Conv2DBackpropFilter";

/** What a kernel needs of tfjs's cpu backend. */
interface CpuBackend {
  readonly data: { get(dataId: object): { readonly values: Float32Array } };
  makeTensorInfo(shape: number[], dtype: "float32", values: Float32Array): tf.TensorInfo;
}

interface Attributes {
  readonly strides: [number, number] | number;
  readonly pad: tf.backend_util.ExplicitPadding | "valid" | "same" | number;
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
  readonly filterShape: [number, number, number, number];
}

/** Puts it in place of tfjs's, once. tfjs's cpu backend must have been set. */
export function registerCpuFilterGradient(): void {
  if (tf.getKernel(KERNEL, "cpu")?.kernelFunc === filterGradient) return;
  tf.unregisterKernel(KERNEL, "cpu");
  tf.registerKernel({ kernelName: KERNEL, backendName: "cpu", kernelFunc: filterGradient });
}

const filterGradient: tf.KernelFunc = ({ inputs, attrs, backend }) => {
  const { x, dy } = inputs as { x: tf.TensorInfo; dy: tf.TensorInfo };
  const { strides, pad, dimRoundingMode, filterShape } = attrs as unknown as Attributes;
  const shape = x.shape as [number, number, number, number];
  const geometry = tf.backend_util.computeConv2DInfo(shape, filterShape, strides, 1, pad, dimRoundingMode);
  const cpu = backend as CpuBackend;
  const values = sumProducts(geometry, cpu.data.get(x.dataId).values, cpu.data.get(dy.dataId).values);
  return cpu.makeTensorInfo([...filterShape], "float32", values);
};

/** Σ x·dy over batch, rows and columns, in that order, for each entry of the filter. */
function sumProducts(geometry: tf.backend_util.Conv2DInfo, x: Float32Array, dy: Float32Array): Float32Array {
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, outChannels } = geometry;
  const { filterHeight, filterWidth, strideHeight, strideWidth, padInfo: { top, left } } = geometry;
  const sums = new Float64Array(filterHeight * filterWidth * inChannels * outChannels);
  for (let pixel = 0; pixel < batchSize * outHeight * outWidth; pixel++) {
    const image = Math.floor(pixel / (outHeight * outWidth));
    const row = Math.floor(pixel / outWidth) % outHeight * strideHeight - top;
    const column = pixel % outWidth * strideWidth - left;
    for (let i = 0; i < filterHeight * filterWidth; i++) {
      const y = row + Math.floor(i / filterWidth), z = column + i % filterWidth;
      if (y < 0 || y >= inHeight || z < 0 || z >= inWidth) continue;
      const from = ((image * inHeight + y) * inWidth + z) * inChannels;
      for (let channel = 0; channel < inChannels; channel++) {
        const value = x[from + channel]!, to = (i * inChannels + channel) * outChannels, at = pixel * outChannels;
        for (let out = 0; out < outChannels; out++) sums[to + out]! += value * dy[at + out]!;
      }
    }
  }
  return Float32Array.from(sums);
}

/** The wasm engine's kernel table. @module */

import * as tf from "@tensorflow/tfjs";
import { composedKernels, tfjsPadding } from "../composed_kernels.ts";
import type { FirstLayer, Kernels } from "../engine.ts";
import { innerLoop } from "../inner_loop.ts";
import { crossEntropy } from "./cross_entropy.ts";
import { fusedConvolution, fusedDense, passPositive } from "./fused_layers.ts";

/** Kernels that need `registerWasmKernels`. */
export function wasmKernels(): Kernels {
  return {
    ...composedKernels(),
    convolution: fusedConvolution,
    dense: fusedDense,
    crossEntropy,
    innerLoop: (loop) => innerLoop(loop, (z) => firstLayerGradient(loop.firstLayer, z, loop.p)),
  };
}

/**
 * ∂(Σ p·f0(z))/∂z: p where ReLU is on, carried to z by the convolution's transpose. Measured on 64 images of 28x28x1
 * with 32 filters of 3x3: forward 1.5 ms as XNNPACK's convolution (1.7 as one product of gathered patches), mask 0.8 (2.5
 * as a loop over the heap), transpose 2.5 as one product with all taps (7 to 9 as a convolution with one output channel).
 */
function firstLayerGradient(layer: FirstLayer, z: tf.Tensor4D, p: tf.Tensor4D): tf.Tensor4D {
  const { filter, bias, activation, stride, padding } = layer;
  return tf.tidy(() => {
    const passed = activation === "relu" ? passPositive(p, fusedConvolution(z, filter, bias, layer)) : p;
    return tf.conv2dTranspose(passed, filter, z.shape, stride, tfjsPadding(padding));
  });
}

/** The wasm engine's kernel table. @module */

import * as tf from "@tensorflow/tfjs";
import { composedKernels, tfjsPadding } from "../composed_kernels.ts";
import type { FirstLayer, Kernels } from "../engine.ts";
import { fusedLinfStep } from "./attack_steps.ts";
import { fusedBatchNormalization } from "./batch_normalization.ts";
import { batchSum, fusedCrossEntropy } from "./cross_entropy.ts";
import { fusedConvolution, fusedDense, passPositive } from "./fused_layers.ts";
import { fusedInnerLoop } from "./inner_loop.ts";
import { fusedNormalization } from "./normalization.ts";
import { fusedAdamStep, fusedSgdStep } from "./optimizer_steps.ts";

/** Kernels that need `registerWasmKernels`. */
export function wasmKernels(): Kernels {
  return {
    ...composedKernels(),
    convolution: fusedConvolution,
    dense: fusedDense,
    crossEntropy: fusedCrossEntropy,
    batchNormalization: fusedBatchNormalization,
    normalization: fusedNormalization,
    batchSum,
    linfStep: fusedLinfStep,
    sgdStep: fusedSgdStep,
    adamStep: fusedAdamStep,
    innerLoop: (loop) => fusedInnerLoop(loop, (z) => firstLayerGradient(loop.firstLayer, z, loop.p)),
  };
}

/** ∂(Σ p·f0(z))/∂z: p where ReLU is on, carried to z by the convolution's transpose. */
function firstLayerGradient(layer: FirstLayer, z: tf.Tensor4D, p: tf.Tensor4D): tf.Tensor4D {
  const { filter, bias, activation, stride, padding } = layer;
  return tf.tidy(() => {
    const passed = activation === "relu" ? passPositive(p, fusedConvolution(z, filter, bias, layer)) : p;
    return tf.conv2dTranspose(passed, filter, z.shape, stride, tfjsPadding(padding));
  });
}

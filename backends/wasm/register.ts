/** Puts our kernels in place of those of tfjs's wasm backend that are missing or slow, once a process (or Worker).
 *  @module */

import * as tf from "@tensorflow/tfjs";
import { registerAttackSteps, sign } from "./attack_steps.ts";
import { registerBatchNormalization } from "./batch_normalization.ts";
import { registerColumnSums, sum } from "./column_sums.ts";
import { conv2dBackpropFilter } from "./convolution_filter_gradient.ts";
import { conv2dBackpropInput } from "./convolution_input_gradient.ts";
import { registerCrossEntropy } from "./cross_entropy.ts";
import { registerFusedLayers } from "./fused_layers.ts";
import type { WasmBackend, WasmKernel } from "./heap.ts";
import { registerInnerLoop } from "./inner_loop.ts";
import { batchMatMul } from "./matrix_kernels.ts";
import { registerNormalization } from "./normalization.ts";
import { registerOptimizerSteps } from "./optimizer_steps.ts";
import { maxPoolGrad } from "./pooling_gradient.ts";
import { cast, concat, identity, slice } from "./structural_kernels.ts";

let registered = false;

/** Registers our kernels. tfjs's wasm backend must have started: it prepares its own kernels when it starts. */
export function registerWasmKernels(): void {
  if (registered) return;
  registered = true;
  replace("Identity", () => identity);
  replace("Cast", cast);
  replace("Slice", slice);
  replace("Concat", concat);
  replace("BatchMatMul", batchMatMul);
  replace("Sum", sum);
  replace("Sign", sign);
  replace("MaxPoolGrad", maxPoolGrad);
  replace("Conv2DBackpropInput", () => conv2dBackpropInput);
  replace("Conv2DBackpropFilter", () => conv2dBackpropFilter);
  registerFusedLayers();
  registerAttackSteps();
  registerBatchNormalization();
  registerColumnSums();
  registerCrossEntropy();
  registerInnerLoop();
  registerNormalization();
  registerOptimizerSteps();
}

/** Replaces a kernel; `make` gets tfjs's own, to fall back on, which throws where tfjs has none. */
function replace<Inputs extends string, Attributes>(
  kernelName: string,
  make: (stock: WasmKernel<Inputs, Attributes>) => WasmKernel<Inputs, Attributes>,
): void {
  const stock = tf.getKernel(kernelName, "wasm")?.kernelFunc;
  const kernel = make((inputs, attributes, backend) => {
    if (stock === undefined) throw new Error(`Cannot run ${kernelName}: tfjs's wasm backend has no such kernel`);
    return stock({ inputs, attrs: attributes as tf.NamedAttrMap, backend }) as tf.TensorInfo;
  });
  if (stock !== undefined) tf.unregisterKernel(kernelName, "wasm");
  tf.registerKernel({
    kernelName,
    backendName: "wasm",
    kernelFunc: ({ inputs, attrs, backend }) =>
      kernel(inputs as Record<Inputs, tf.TensorInfo>, attrs as Attributes, backend as WasmBackend),
  });
}

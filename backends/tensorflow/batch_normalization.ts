/** Training-mode batch normalisation by TensorFlow's fused operation and its gradient. Ioffe and Szegedy 2015,
 *  arXiv:1502.03167. Differs from the contract's statistics: the operation divides the variance that it reports by count−1,
 *  and is corrected here. @module */

import * as tf from "@tensorflow/tfjs";
import type { BatchNormalization, NormalizationOptions } from "../engine.ts";
import type { Operations } from "./operations.ts";
import { registerKernel } from "./register_kernel.ts";

const BATCH_NORMALIZATION = "TensorflowBatchNormalization";

/** Of FusedBatchNormV3: y, mean, variance, and three outputs that only its gradient reads. */
const OUTPUTS = 6;
/** Of FusedBatchNormGradV3: the gradients of x, scale and offset, and two that mean nothing in training. */
const GRADIENTS = 5;

/** See {@linkcode BatchNormalization}. */
export function batchNormalization(
  x: tf.Tensor4D,
  scale: tf.Tensor1D,
  offset: tf.Tensor1D,
  { epsilon, activation }: NormalizationOptions,
): BatchNormalization {
  const count = x.size / x.shape[3];
  const [y, mean, variance] = tf.tidy(() => {
    const inputs = { x, scale, offset };
    const [y, mean, variance] = tf.engine().runKernel<tf.Tensor[]>(BATCH_NORMALIZATION, inputs, { epsilon });
    return [activation === "relu" ? tf.relu(y!) : y!, mean!, tf.mul(variance!, (count - 1) / count)];
  });
  return { y: y as tf.Tensor4D, mean: mean as tf.Tensor1D, variance: variance as tf.Tensor1D };
}

/** Registers the kernel. */
export function registerBatchNormalization(operations: Operations): void {
  const attributes = (epsilon: number) => [
    operations.float32,
    operations.type("U", "float32"),
    operations.float("epsilon", epsilon),
    operations.text("data_format", "NHWC"),
    operations.boolean("is_training", true),
  ];
  registerKernel<{ readonly epsilon: number }>(BATCH_NORMALIZATION, ({ x, scale, offset }, { epsilon }) => {
    const inputs = [x!, scale!, offset!, operations.nothing, operations.nothing];
    return operations.several("FusedBatchNormV3", attributes(epsilon), inputs, OUTPUTS);
  }, {
    inputsToSave: ["x", "scale"],
    outputsToSave: [false, false, false, true, true, true],
    gradients([dy], saved, { epsilon }) {
      // Here and not when one is asked for: the operation computes all, and tfjs frees what an input's function leaves.
      const inputs = [dy!, ...saved];
      const [x, scale, offset] = operations.several("FusedBatchNormGradV3", attributes(epsilon), inputs, GRADIENTS);
      return { x: () => x!.clone(), scale: () => scale!.clone(), offset: () => offset!.clone() };
    },
  });
}

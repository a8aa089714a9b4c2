/** Normalisation in training and evaluation mode by our own operations, with ReLU and its mask inside: Ioffe and Szegedy
 *  2015, arXiv:1502.03167. @module */

import * as tf from "@tensorflow/tfjs";
import type { Kernels, NormalizationOptions } from "../engine.ts";
import type { Attribute, Operations } from "./operations.ts";
import { registerKernel } from "./register_kernel.ts";

const TRAINING = "TensorflowOwnBatchNormalization";
const EVALUATION = "TensorflowOwnNormalization";

/** Calls of the kernels that {@linkcode registerOwnNormalization} registers. */
export const ownNormalization: Pick<Kernels, "batchNormalization" | "normalization"> = {
  batchNormalization(x, scale, offset, options) {
    const [y, mean, variance] = tf.engine().runKernel<tf.Tensor[]>(TRAINING, { x, scale, offset }, { ...options });
    return { y: y as tf.Tensor4D, mean: mean as tf.Tensor1D, variance: variance as tf.Tensor1D };
  },
  normalization: (x, scale, offset, { mean, variance }, options) =>
    tf.engine().runKernel(EVALUATION, { x, scale, offset, mean, variance }, { ...options }),
};

/** Registers the kernels. */
export function registerOwnNormalization(operations: Operations): void {
  const attributes = ({ epsilon, activation }: NormalizationOptions): Attribute[] => [
    operations.float("epsilon", epsilon),
    operations.boolean("relu", activation === "relu"),
  ];
  registerKernel<NormalizationOptions>(
    TRAINING,
    ({ x, scale, offset }, options) =>
      operations.several("YopoBatchNormalization", attributes(options), [x!, scale!, offset!], 3),
    {
      inputsToSave: ["x", "scale", "offset"],
      outputsToSave: [false, true, true],
      gradients([dy], saved, options) {
        // Here and not when one is asked for: the operation computes all, and tfjs frees what an input's function leaves.
        const inputs = [dy!, ...saved];
        const gradients = operations.several("YopoBatchNormalizationGradient", attributes(options), inputs, 3);
        const [x, scale, offset] = gradients as [tf.Tensor, tf.Tensor, tf.Tensor];
        return { x: () => x.clone(), scale: () => scale.clone(), offset: () => offset.clone() };
      },
    },
  );
  registerKernel<NormalizationOptions>(
    EVALUATION,
    ({ x, scale, offset, mean, variance }, options) =>
      operations.one("YopoNormalization", attributes(options), [x!, scale!, offset!, mean!, variance!]),
    {
      inputsToSave: ["x", "scale", "offset", "mean", "variance"],
      gradients([dy], saved, options) {
        const inputs = [dy!, ...saved];
        const ofParameters = () =>
          operations.several("YopoNormalizationParameterGradients", attributes(options), inputs, 2);
        const first = ([kept, other]: tf.Tensor[]): tf.Tensor => (other!.dispose(), kept!);
        return {
          x: () => operations.one("YopoNormalizationGradient", attributes(options), inputs),
          scale: () => first(ofParameters()),
          offset: () => first(ofParameters().reverse()),
        };
      },
    },
  );
}

/** A kernel of ours under tfjs's backend "tensorflow". @module */

import * as tf from "@tensorflow/tfjs";

/** Registers the kernel and its gradient; a second call replaces the first. */
export function registerKernel<Attributes extends object>(
  kernelName: string,
  compute: (inputs: Record<string, tf.TensorInfo>, attributes: Attributes) => tf.TensorInfo | tf.TensorInfo[],
  gradient: Pick<tf.GradConfig, "inputsToSave" | "outputsToSave"> & {
    /** Each input's gradient, computed when called; dys has one entry an output. */
    gradients(dys: tf.Tensor[], saved: tf.Tensor[], attributes: Attributes): Record<string, () => tf.Tensor>;
  },
): void {
  if (tf.getKernel(kernelName, "tensorflow") !== undefined) tf.unregisterKernel(kernelName, "tensorflow");
  tf.registerKernel({
    kernelName,
    backendName: "tensorflow",
    kernelFunc: ({ inputs, attrs }) => compute(inputs as Record<string, tf.TensorInfo>, attrs as Attributes),
  });
  if (tf.getGradient(kernelName) !== undefined) tf.unregisterGradient(kernelName);
  const { gradients, ...saving } = gradient;
  tf.registerGradient({
    kernelName,
    ...saving,
    gradFunc: (dy, saved, attrs) => gradients(Array.isArray(dy) ? dy : [dy], saved, attrs as unknown as Attributes),
  });
}

/** Optimizer steps as one pass over weight, gradient and state. @module */

import * as tf from "@tensorflow/tfjs";
import { ADAM_BETA1, ADAM_BETA2, ADAM_EPSILON } from "../composed_optimizer_steps.ts";
import type { AdamStep, SgdStep } from "../engine.ts";
import { defineKernel } from "./define_kernel.ts";
import { pointerOf, sizeOf, type WasmBackend } from "./heap.ts";
import { assembly } from "./module.ts";

const SGD = "YopoSgdStep";
const ADAM = "YopoAdamStep";
type SgdAttributes = { learningRate: number; momentum: number; weightDecay: number };
type AdamAttributes = { stepSize: number; rootCorrection: number; weightDecay: number };

/** See {@linkcode SgdStep}. */
export function fusedSgdStep({ weight, gradient, velocity, ...rates }: SgdStep) {
  const attributes: SgdAttributes = rates;
  const inputs = velocity === null ? { weight, gradient } : { weight, gradient, velocity };
  const [next, moved] = tf.engine().runKernel<tf.Tensor[]>(SGD, inputs, attributes);
  return { weight: next!, velocity: moved ?? null };
}

/** See {@linkcode AdamStep}. */
export function fusedAdamStep({ weight, gradient, mean, square, ...rates }: AdamStep) {
  const attributes: AdamAttributes = rates;
  const inputs = { weight, gradient, ...(mean !== null && { mean }), ...(square !== null && { square }) };
  const [next, nextMean, nextSquare] = tf.engine().runKernel<tf.Tensor[]>(ADAM, inputs, attributes);
  return { weight: next!, mean: nextMean!, square: nextSquare! };
}

/** Registers the kernels. */
export function registerOptimizerSteps(): void {
  defineKernel<SgdAttributes>(SGD, ({ weight, gradient, velocity }, attributes, backend) => {
    const { learningRate, momentum, weightDecay } = attributes;
    const next = backend.makeOutput(weight!.shape, "float32");
    const moved = momentum === 0 ? undefined : backend.makeOutput(weight!.shape, "float32");
    const at = (tensor: tf.TensorInfo | undefined) => addressOf(tensor, backend);
    const count = sizeOf(weight!.shape);
    assembly().sgdStep(
      at(weight),
      at(gradient),
      at(velocity),
      at(next),
      at(moved),
      count,
      learningRate,
      momentum,
      weightDecay,
    );
    return moved === undefined ? [next] : [next, moved];
  });
  defineKernel<AdamAttributes>(ADAM, ({ weight, gradient, mean, square }, attributes, backend) => {
    const { stepSize, rootCorrection, weightDecay } = attributes;
    const outputs = [0, 1, 2].map(() => backend.makeOutput(weight!.shape, "float32"));
    const [next, nextMean, nextSquare] = outputs.map((output) => pointerOf(backend, output));
    const at = (tensor: tf.TensorInfo | undefined) => addressOf(tensor, backend);
    assembly().adamStep(
      at(weight),
      at(gradient),
      at(mean),
      at(square),
      next!,
      nextMean!,
      nextSquare!,
      sizeOf(weight!.shape),
      ADAM_BETA1,
      1 - ADAM_BETA1,
      ADAM_BETA2,
      1 - ADAM_BETA2,
      stepSize,
      rootCorrection,
      ADAM_EPSILON,
      weightDecay,
    );
    return outputs;
  });
}

/** 0 stands for a tensor that there is not. */
function addressOf(tensor: tf.TensorInfo | undefined, backend: WasmBackend): number {
  return tensor === undefined ? 0 : pointerOf(backend, tensor);
}

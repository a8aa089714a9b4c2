/** Steps of attacks as one pass each. @module */

import * as tf from "@tensorflow/tfjs";
import type { LinfStep } from "../engine.ts";
import { defineKernel } from "./define_kernel.ts";
import { pointerOf, sizeOf, type WasmKernel } from "./heap.ts";
import { assembly } from "./module.ts";

const LINF_STEP = "YopoLinfStep";
type LinfAttributes = { epsilon: number; stepSize: number };

/**
 * Sign of float32 tensors, -1, 0 or 1; 0 for what is not a number. tfjs's wasm kernel gives 0 for every |x| below 2^-23,
 * larger than most input gradients of a confidently classified image.
 */
export function sign(stock: WasmKernel<"x">): WasmKernel<"x"> {
  return (inputs, attributes, backend) => {
    const { x } = inputs;
    if (x.dtype !== "float32") return stock(inputs, attributes, backend);
    const out = backend.makeOutput(x.shape, x.dtype);
    assembly().sign(pointerOf(backend, x), pointerOf(backend, out), sizeOf(x.shape));
    return out;
  };
}

/** See {@linkcode LinfStep}. */
export function fusedLinfStep({ x, eta, gradient, epsilon, stepSize }: LinfStep): tf.Tensor4D {
  const attributes: LinfAttributes = { epsilon, stepSize };
  return tf.engine().runKernel(LINF_STEP, { x, eta, gradient }, attributes);
}

/** Registers the kernels. */
export function registerAttackSteps(): void {
  defineKernel<LinfAttributes>(LINF_STEP, ({ x, eta, gradient }, { epsilon, stepSize }, backend) => {
    const out = backend.makeOutput(x!.shape, "float32");
    const [image, before, slope, after] = [x!, eta!, gradient!, out].map((tensor) => pointerOf(backend, tensor));
    assembly().linfStep(image!, before!, slope!, after!, sizeOf(x!.shape), epsilon, stepSize);
    return out;
  });
}

/** YOPO's inner loop as one kernel, image by image in cache; what the kernel does not cover is composed. @module */

import * as tf from "@tensorflow/tfjs";
import { hasClosedForm, type InnerLoop } from "../engine.ts";
import { type FirstLayerGradient, innerLoop } from "../inner_loop.ts";
import { defineKernel } from "./define_kernel.ts";
import { pointerOf, sizeOf } from "./heap.ts";
import { assembly } from "./module.ts";

const INNER_LOOP = "YopoInnerLoop";
const CONSTANT_STEPS = "YopoConstantSteps";
type LoopAttributes = { epsilon: number; stepSize: number; steps: number; bySign: boolean; top: number; left: number };
type StepsAttributes = { epsilon: number; first: number; rest: number };

/** See {@linkcode Kernels.innerLoop}; `gradientAt` is for where there is no kernel. */
export function fusedInnerLoop(loop: InnerLoop, gradientAt: FirstLayerGradient): tf.Tensor4D {
  const { firstLayer: { filter, bias, padding, stride, activation }, x, eta, p, epsilon, stepSize, steps } = loop;
  if (steps === 0) return tf.clone(eta);
  if (hasClosedForm(loop)) return constantSteps(loop, gradientAt);
  if (activation !== "relu" || stride !== 1) return innerLoop(loop, gradientAt);
  const bySign = loop.update === "sign";
  const attributes: LoopAttributes = { epsilon, stepSize, steps, bySign, top: padding.top, left: padding.left };
  const inputs = { x, eta, p, filter, ...(bias !== null && { bias }) };
  return tf.engine().runKernel(INNER_LOOP, inputs, attributes);
}

/** The closed form of inner_loop.ts in one pass. */
function constantSteps(
  { x, eta, epsilon, stepSize, steps }: InnerLoop,
  gradientAt: FirstLayerGradient,
): tf.Tensor4D {
  const gradient = gradientAt(x);
  const attributes: StepsAttributes = { epsilon, first: stepSize, rest: (steps - 1) * stepSize };
  const moved = tf.engine().runKernel<tf.Tensor4D>(CONSTANT_STEPS, { x, eta, gradient }, attributes);
  gradient.dispose();
  return moved;
}

/** Registers the kernels. */
export function registerInnerLoop(): void {
  defineKernel<LoopAttributes>(INNER_LOOP, ({ x, eta, p, filter, bias }, attributes, backend) => {
    const [batch, height, width, channels] = x!.shape as [number, number, number, number];
    const [, outHeight, outWidth, outChannels] = p!.shape as [number, number, number, number];
    const [kernelHeight, kernelWidth] = filter!.shape as [number, number];
    const { epsilon, stepSize, steps, bySign, top, left } = attributes;
    const { innerLoop, innerLoopScratch } = assembly();
    const size = innerLoopScratch(outHeight, outWidth, channels, outChannels, kernelHeight, kernelWidth);
    const out = backend.makeOutput(x!.shape, "float32");
    const scratch = backend.makeOutput([size], "float32");
    const [image, start, costate, weights, to, work] = [x!, eta!, p!, filter!, out, scratch].map((tensor) =>
      pointerOf(backend, tensor)
    );
    innerLoop(
      image!,
      start!,
      costate!,
      weights!,
      bias === undefined ? 0 : pointerOf(backend, bias),
      to!,
      work!,
      batch,
      height,
      width,
      channels,
      outHeight,
      outWidth,
      outChannels,
      kernelHeight,
      kernelWidth,
      top,
      left,
      epsilon,
      stepSize,
      steps,
      Number(bySign),
    );
    backend.disposeData(scratch.dataId);
    return out;
  });
  defineKernel<StepsAttributes>(CONSTANT_STEPS, ({ x, eta, gradient }, { epsilon, first, rest }, backend) => {
    const out = backend.makeOutput(x!.shape, "float32");
    const [image, before, slope, to] = [x!, eta!, gradient!, out].map((tensor) => pointerOf(backend, tensor));
    assembly().constantSteps(image!, before!, slope!, to!, sizeOf(x!.shape), epsilon, first, rest);
    return out;
  });
}

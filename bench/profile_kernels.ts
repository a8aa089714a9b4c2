/** Time by kernel: the calls of an engine's kernel table with their gradients, and the tfjs kernels around them. Engines
 *  that return before their work is done (a GPU) show where work is asked for, not where it is done. @module */

import * as tf from "@tensorflow/tfjs";
import type { Engine, Kernels } from "../backends/engine.ts";
import { convolutionWork } from "./dry_kernels.ts";

/** All calls of one kernel on one shape. */
export interface KernelTime {
  /** "convolution 3x3 32>64, 12x12: gradient of filter", or a tfjs kernel's name. */
  readonly name: string;
  readonly calls: number;
  readonly seconds: number;
  /** Two for each multiply-add of all calls; 0 where it is no product. */
  readonly flops: number;
}

/** A running profile. */
export interface Profile {
  /** The engine to work with meanwhile. */
  readonly engine: Engine;
  /** Ends it; the largest first. */
  stop(): KernelTime[];
}

/** Begins a profile of the active engine. */
export function profileKernels(engine: Engine): Profile {
  const times = new KernelTimes();
  const restore = timeRegisteredKernels(times);
  return {
    engine: {
      ...engine,
      kernels: timedKernels(engine.kernels, times),
      allReduce: (partials) => times.time("allReduce, waiting included", 0, () => engine.allReduce(partials)),
    },
    stop() {
      restore();
      return times.largestFirst();
    },
  };
}

/** Sums by name. A call inside another belongs to the outer one. */
class KernelTimes {
  #sums = new Map<string, Omit<KernelTime, "name">>();
  #inside = false;

  time<T>(name: string, flops: number, work: () => T): T {
    if (this.#inside) return work();
    this.#inside = true;
    const began = performance.now();
    try {
      return work();
    } finally {
      this.#inside = false;
      const seconds = (performance.now() - began) / 1000;
      const sum = this.#sums.get(name) ?? { calls: 0, seconds: 0, flops: 0 };
      this.#sums.set(name, { calls: sum.calls + 1, seconds: sum.seconds + seconds, flops: sum.flops + flops });
    }
  }

  largestFirst(): KernelTime[] {
    return [...this.#sums].map(([name, sum]) => ({ name, ...sum })).sort((a, b) => b.seconds - a.seconds);
  }
}

/** @returns Puts the kernels back as they were. */
function timeRegisteredKernels(times: KernelTimes): () => void {
  const kernels = tf.getKernelsForBackend(tf.getBackend());
  const replace = (kernel: tf.KernelConfig): void => {
    tf.unregisterKernel(kernel.kernelName, kernel.backendName);
    tf.registerKernel(kernel);
  };
  for (const kernel of kernels) {
    replace({ ...kernel, kernelFunc: (call) => times.time(kernel.kernelName, 0, () => kernel.kernelFunc(call)) });
  }
  return () => kernels.forEach(replace);
}

function timedKernels(kernels: Kernels, times: KernelTimes): Kernels {
  const timed = <T>(name: string, work: () => T): T => timeCall({ name, flops: 0, factors: {} }, times, work);
  return {
    convolution(x, filter, bias, options) {
      const { flops } = convolutionWork(x.shape, filter.shape, options);
      const call = { name: `convolution ${layerOf(filter)}, ${sideOf(x)}`, flops, factors: { x, filter } };
      return timeCall(call, times, () => kernels.convolution(x, filter, bias, options));
    },
    dense(x, kernel, ...rest) {
      const call = { name: `dense ${layerOf(kernel)}`, flops: 2 * x.shape[0] * kernel.size, factors: { x, kernel } };
      return timeCall(call, times, () => kernels.dense(x, kernel, ...rest));
    },
    maxPool: (x) => timed(`maxPool ${sideOf(x)}x${x.shape[3]}`, () => kernels.maxPool(x)),
    crossEntropy: (...call) => timed("crossEntropy", () => kernels.crossEntropy(...call)),
    normalization: (x, ...rest) =>
      timed(`normalization ${sideOf(x)}x${x.shape[3]}`, () => kernels.normalization(x, ...rest)),
    batchNormalization: (x, ...rest) =>
      timed(`batchNormalization ${sideOf(x)}x${x.shape[3]}`, () => kernels.batchNormalization(x, ...rest)),
    batchSum: (values) => timed("batchSum", () => kernels.batchSum(values)),
    linfStep: (step) => timed("linfStep", () => kernels.linfStep(step)),
    sgdStep: (step) => timed("sgdStep", () => kernels.sgdStep(step)),
    adamStep: (step) => timed("adamStep", () => kernels.adamStep(step)),
    innerLoop: (loop) => timed(`innerLoop of ${loop.steps}`, () => kernels.innerLoop(loop)),
  };
}

/** A call of the kernel table: its name, the flops of the product, and the factors that may have gradients. */
interface TimedCall {
  readonly name: string;
  readonly flops: number;
  readonly factors: Readonly<Record<string, tf.Tensor>>;
}

/** Runs `work`, and times the gradients of what it put on tfjs's tape when they are taken. */
function timeCall<T>({ name, flops, factors }: TimedCall, times: KernelTimes, work: () => T): T {
  const { state } = tf.engine(), before = state.activeTape?.length ?? 0;
  const result = times.time(name, flops, work);
  for (const node of state.activeTape?.slice(before) ?? []) {
    const { gradient } = node;
    if (gradient === undefined) continue;
    node.gradient = (dys) => {
      const lazy = times.time(`${name}: gradient`, 0, () => gradient(dys));
      return Object.fromEntries(
        Object.entries(lazy).map(([input, compute]) => {
          const factor = Object.keys(factors).find((factor) => factors[factor]!.id === node.inputs[input]?.id);
          // A composed kernel has other nodes, whose inputs may bear a factor's name: a ReLU's is x.
          const other = input in factors ? `${node.kernelName}'s ${input}` : input;
          const what = `${name}: gradient of ${factor ?? other}`;
          return [input, () => times.time(what, factor === undefined ? 0 : flops, compute)];
        }),
      );
    };
  }
  return result;
}

/** "3x3 32>64", or "1024>200". */
function layerOf({ shape }: tf.Tensor): string {
  const [input, output] = shape.slice(-2);
  const window = shape.slice(0, -2).join("x");
  return `${window}${window && " "}${input}>${output}`;
}

function sideOf({ shape }: tf.Tensor4D): string {
  return `${shape[1]}x${shape[2]}`;
}

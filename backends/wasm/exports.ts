/** What our WebAssembly module exports, by the file of assembly/ that defines it. Every argument is an int32 or a float32;
 *  names of tensors are byte addresses of float32 values. @module */

import type { ConvolutionExports, ExactZeroExports, MatrixExports, WinogradExports } from "./product_exports.ts";

/** All exports. */
export interface Assembly
  extends
    ArrayExports,
    AttackStepExports,
    BatchNormalizationExports,
    ConvolutionExports,
    CrossEntropyExports,
    ExactZeroExports,
    InnerLoopExports,
    MatrixExports,
    OptimizerStepExports,
    PoolingExports,
    ReluExports,
    SumExports,
    WinogradExports {}

/** arrays.ts */
interface ArrayExports {
  addTo(to: number, from: number, count: number): void;
  fillZeros(to: number, count: number): void;
}

/** relu.ts */
interface ReluExports {
  reluGradient(dy: number, y: number, out: number, count: number): void;
}

/** attack_steps.ts */
interface AttackStepExports {
  sign(x: number, out: number, count: number): void;
  linfStep(
    x: number,
    eta: number,
    gradient: number,
    out: number,
    count: number,
    epsilon: number,
    stepSize: number,
  ): void;
  constantSteps(
    x: number,
    eta: number,
    gradient: number,
    out: number,
    count: number,
    epsilon: number,
    first: number,
    rest: number,
  ): void;
}

/** batch_normalization.ts */
interface BatchNormalizationExports {
  centredSquares(x: number, mean: number, out: number, rows: number, columns: number): void;
  normalize(
    x: number,
    mean: number,
    factor: number,
    offset: number,
    y: number,
    rows: number,
    columns: number,
    floor: number,
  ): void;
  normalizationSums(
    dy: number,
    y: number,
    x: number,
    mean: number,
    out: number,
    rows: number,
    columns: number,
    floor: number,
  ): void;
  normalizationGradient(
    dy: number,
    y: number,
    x: number,
    mean: number,
    factor: number,
    shift: number,
    slope: number,
    dx: number,
    rows: number,
    columns: number,
    floor: number,
  ): void;
  fixedNormalizationGradient(
    dy: number,
    y: number,
    factor: number,
    dx: number,
    rows: number,
    columns: number,
    floor: number,
  ): void;
}

/** cross_entropy.ts; labels are int32. */
interface CrossEntropyExports {
  crossEntropy(logits: number, labels: number, losses: number, count: number, classes: number): void;
  crossEntropyGradient(
    dy: number,
    logits: number,
    labels: number,
    gradient: number,
    count: number,
    classes: number,
  ): void;
}

/** inner_loop.ts */
interface InnerLoopExports {
  innerLoopScratch(
    outHeight: number,
    outWidth: number,
    channels: number,
    outChannels: number,
    kernelHeight: number,
    kernelWidth: number,
  ): number;
  innerLoop(
    x: number,
    eta: number,
    p: number,
    filter: number,
    bias: number,
    out: number,
    scratch: number,
    batch: number,
    height: number,
    width: number,
    channels: number,
    outHeight: number,
    outWidth: number,
    outChannels: number,
    kernelHeight: number,
    kernelWidth: number,
    padTop: number,
    padLeft: number,
    epsilon: number,
    stepSize: number,
    steps: number,
    bySign: number,
  ): void;
}

/** optimizer_steps.ts */
interface OptimizerStepExports {
  sgdStep(
    weight: number,
    gradient: number,
    velocity: number,
    out: number,
    outVelocity: number,
    count: number,
    learningRate: number,
    momentum: number,
    weightDecay: number,
  ): void;
  adamStep(
    weight: number,
    gradient: number,
    mean: number,
    square: number,
    out: number,
    outMean: number,
    outSquare: number,
    count: number,
    beta1: number,
    fresh1: number,
    beta2: number,
    fresh2: number,
    stepSize: number,
    root: number,
    epsilon: number,
    weightDecay: number,
  ): void;
}

/** pooling.ts */
interface PoolingExports {
  maxPoolGradient(
    x: number,
    dy: number,
    dx: number,
    batch: number,
    height: number,
    width: number,
    channels: number,
  ): void;
}

/** sums.ts */
interface SumExports {
  columnSums(x: number, out: number, rows: number, columns: number): void;
  sum(x: number, out: number, count: number): void;
}

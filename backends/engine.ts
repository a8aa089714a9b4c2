/** The engine contract: a tfjs backend plus a small table of fused kernels. Code above this room says what to compute,
 *  never how. All tensors are float32 and NHWC unless a line says otherwise. @module */

import type * as tf from "@tensorflow/tfjs";
import type { Team } from "./team.ts";

export type EngineName = "cpu" | "tensorflow" | "wasm";

/** How products and sums round. f32: float32, each operation rounded. f32-fma: float32 with fused multiply-add, whose
 *  bits may differ between CPU types. bf16: products of bfloat16 factors summed in float32. */
export type Precision = "f32" | "f32-fma" | "bf16";

export type Activation = "none" | "relu";

/** Zero padding on each side in pixels; explicit, because "same" means different things at stride 2. */
export interface Padding {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/** Geometry of a convolution and what follows it. */
export interface ConvolutionOptions {
  readonly stride: number;
  readonly padding: Padding;
  readonly activation: Activation;
}

/** f0, the first layer, as data: enough for an engine to fuse YOPO's inner loop. */
export interface FirstLayer extends ConvolutionOptions {
  /** `[kernel height, kernel width, in, out]`. */
  readonly filter: tf.Tensor4D;
  /** `[out]`, or null. */
  readonly bias: tf.Tensor1D | null;
}

/** Arguments of YOPO's inner loop. */
export interface InnerLoop {
  readonly firstLayer: FirstLayer;
  /** Images `[batch, height, width, channels]` in 0..1. */
  readonly x: tf.Tensor4D;
  /** Perturbation at the start of the round, same shape as x; x + eta may lie outside 0..1. */
  readonly eta: tf.Tensor4D;
  /** p, the loss's gradient with respect to f0's output, frozen during the loop. */
  readonly p: tf.Tensor4D;
  /** L∞ radius in pixel values. */
  readonly epsilon: number;
  /** α, in pixel values ("sign") or per unit of gradient ("gradient"). */
  readonly stepSize: number;
  /** n. */
  readonly steps: number;
  /** Move along sign(p·∇f0), as the authors' code does, or along p·∇f0, as the paper writes it. */
  readonly update: "sign" | "gradient";
}

/** What follows the statistics of a normalisation. */
export interface NormalizationOptions {
  /** Added to the variance. */
  readonly epsilon: number;
  readonly activation: Activation;
}

/** Statistics of each channel, `[channels]`, kept from training for evaluation; constants to tf.grad. */
export interface RunningStatistics {
  readonly mean: tf.Tensor1D;
  readonly variance: tf.Tensor1D;
}

/** Output of training-mode batch normalisation. */
export interface BatchNormalization {
  /** activation(scale · (x − mean)/√(variance + epsilon) + offset), shaped like x; differentiable in x, scale and offset. */
  readonly y: tf.Tensor4D;
  /** Mean of each channel over the whole batch, `[channels]`; a constant to tf.grad. */
  readonly mean: tf.Tensor1D;
  /** Biased variance (divided by the count) of each channel over the whole batch, `[channels]`; a constant likewise. */
  readonly variance: tf.Tensor1D;
}

/** One parameter's step of SGD with momentum, as torch.optim.SGD: d = g + λ·w; v ← μ·v + d (v = d at first);
 *  w ← w − lr·v. Nothing is disposed. */
export interface SgdStep {
  readonly weight: tf.Tensor;
  /** Mean gradient, shaped like the weight. */
  readonly gradient: tf.Tensor;
  /** v of the step before; null at the first step and where μ is 0. */
  readonly velocity: tf.Tensor | null;
  readonly learningRate: number;
  readonly momentum: number;
  readonly weightDecay: number;
}

/** One parameter's step of Adam, as torch.optim.Adam: d = g + λ·w; m ← β1·m + (1−β1)·d; v ← β2·v + (1−β2)·d²;
 *  w ← w − stepSize · m / (√v/rootCorrection + 1e-8). β1 = 0.9, β2 = 0.999. Nothing is disposed. */
export interface AdamStep {
  readonly weight: tf.Tensor;
  readonly gradient: tf.Tensor;
  /** m and v of the step before; null at the first step. */
  readonly mean: tf.Tensor | null;
  readonly square: tf.Tensor | null;
  /** lr/(1−β1^t). */
  readonly stepSize: number;
  /** √(1−β2^t). */
  readonly rootCorrection: number;
  readonly weightDecay: number;
}

/** Arguments of an L∞ attack step. */
export interface LinfStep {
  /** Images `[batch, height, width, channels]` in 0..1. */
  readonly x: tf.Tensor4D;
  /** Perturbation before the step, same shape. */
  readonly eta: tf.Tensor4D;
  /** Gradient of the loss at x + eta, same shape. */
  readonly gradient: tf.Tensor4D;
  /** ε and α in pixel values. */
  readonly epsilon: number;
  readonly stepSize: number;
}

/** Fused kernels of an engine. "The batch" of sums over it is the whole one, over all workers' shares. Every function that maps x is differentiable by tf.grad in x and its parameters. */
export interface Kernels {
  /** activation(conv2d(x, filter) + bias), `[batch, height, width, out]`. */
  convolution(x: tf.Tensor4D, filter: tf.Tensor4D, bias: tf.Tensor1D | null, options: ConvolutionOptions): tf.Tensor4D;
  /** activation(x · kernel + bias), `[batch, out]` from `[batch, in]` and `[in, out]`. */
  dense(x: tf.Tensor2D, kernel: tf.Tensor2D, bias: tf.Tensor1D | null, activation: Activation): tf.Tensor2D;
  /** 2x2 max pool with stride 2, valid; ties give the whole gradient to the first maximum in row-major order. */
  maxPool(x: tf.Tensor4D): tf.Tensor4D;
  /** Cross-entropy of each example in nats, `[batch]`, from logits `[batch, classes]` and int32 labels `[batch]`. */
  crossEntropy(logits: tf.Tensor2D, labels: tf.Tensor1D): tf.Tensor1D;
  /** Training-mode batch normalisation over batch, height and width: Ioffe and Szegedy 2015, arXiv:1502.03167. */
  batchNormalization(
    x: tf.Tensor4D,
    scale: tf.Tensor1D,
    offset: tf.Tensor1D,
    options: NormalizationOptions,
  ): BatchNormalization;
  /** Evaluation-mode normalisation: activation(scale · (x − mean)/√(variance + epsilon) + offset), shaped like x. No value
   *  depends on the rest of the batch. */
  normalization(
    x: tf.Tensor4D,
    scale: tf.Tensor1D,
    offset: tf.Tensor1D,
    statistics: RunningStatistics,
    options: NormalizationOptions,
  ): tf.Tensor4D;
  /** Σ of one value per example, `[count]`, over this worker's share in shard order; its gradient is 1. */
  batchSum(values: tf.Tensor1D): tf.Scalar;
  /** η' = clip(x + clip(η + α·sign(g), ±ε), 0, 1) − x. Not differentiable. */
  linfStep(step: LinfStep): tf.Tensor4D;
  /** The new weight, and the new velocity (null where momentum is 0). Not differentiable. */
  sgdStep(step: SgdStep): { readonly weight: tf.Tensor; readonly velocity: tf.Tensor | null };
  /** The new weight, m and v. Not differentiable. */
  adamStep(step: AdamStep): { readonly weight: tf.Tensor; readonly mean: tf.Tensor; readonly square: tf.Tensor };
  /**
   * η after n steps of YOPO's inner loop (Zhang et al. 2019, algorithm 1): with s = x + η and z = clip(s, 0, 1),
   * g = ∂(Σ p·f0(z))/∂s, where the clip passes the gradient AT its bounds and stops it strictly outside;
   * η ← clip(η + α·sign(g) or α·g, ±ε); η ← clip(x + η, 0, 1) − x. Not differentiable. Where f0 is linear in z
   * (activation "none") an engine may compute the n steps in closed form; see {@linkcode hasClosedForm}.
   */
  innerLoop(loop: InnerLoop): tf.Tensor4D;
}

/** Whether the n steps of YOPO's inner loop are computed in closed form: f0 is linear in z and the step is a sign. */
export function hasClosedForm({ firstLayer, update }: Pick<InnerLoop, "firstLayer" | "update">): boolean {
  return firstLayer.activation === "none" && update === "sign";
}

/** An opened engine. One engine is active in a process (or Worker) at a time: tfjs's backend is global. */
export interface Engine {
  readonly name: EngineName;
  /** Package and version, such as "@tensorflow/tfjs-backend-wasm 4.22.0". */
  readonly version: string;
  /** Name and version of the kernel table, part of the engine key: "composed-1". Raise it when bits may change. */
  readonly kernelSet: string;
  /** As a probe product measured it, not as it was asked for. */
  readonly precision: Precision;
  /** This worker's place among the data-parallel workers that compute one step; alone where there is one. */
  readonly team: Team;
  readonly kernels: Kernels;
  /** Sums of each tensor over all workers, in shard order; every worker gets them. The summands stay the caller's, the
   *  sums are new tensors. Every worker must call it with the same shapes in the same order. */
  allReduce<T extends tf.Tensor>(partials: readonly T[]): T[];
  /** Resolves when all queued work is done. Accelerators must wait here; wasm and cpu are synchronous. */
  synchronize(): Promise<void>;
  /** Live tensors and bytes held by the backend. */
  memory(): { tensors: number; bytes: number };
  /** What decides speed and not results, for the record: threads, allocator; empty where there is nothing to say. */
  readonly settings: Readonly<Record<string, string | number | boolean>>;
}

/** How an engine is opened. */
export interface OpenOptions {
  /** @default "f32" */
  readonly precision?: Precision;
  /** @default a worker alone, with the engine's own number of shards */
  readonly team?: Team;
}

/** What doctor and list show of an engine, and how it is opened. */
export interface EngineDefinition {
  readonly name: EngineName;
  readonly summary: string;
  /** Precisions that can be asked for, the default first. */
  readonly precisions: readonly Precision[];
  /** Parts of a batch whose sums are added in a fixed order, so that bits do not depend on the workers; 1 where the
   *  engine computes a batch at once and makes no such promise (and then has one worker). */
  readonly shards: number;
  /** Whether it can run here; when not, why and what to do. Cheap: does not start the engine. */
  available(): Promise<{ available: true } | { available: false; reason: string; advice: string }>;
  /** Makes it tfjs's active backend and returns it. @throws {Error} When it cannot start, or has not the precision. */
  open(options?: OpenOptions): Promise<Engine>;
}

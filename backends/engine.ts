/** The engine contract: a tfjs backend plus a small table of fused kernels. Code above this room says what to compute,
 *  never how. All tensors are float32 and NHWC unless a line says otherwise. @module */

import type * as tf from "@tensorflow/tfjs";

export type EngineName = "cpu" | "wasm";
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

/** Fused kernels of an engine. Every function that maps x is differentiable by tf.grad in x and its parameters. */
export interface Kernels {
  /** activation(conv2d(x, filter) + bias), `[batch, height, width, out]`. */
  convolution(x: tf.Tensor4D, filter: tf.Tensor4D, bias: tf.Tensor1D | null, options: ConvolutionOptions): tf.Tensor4D;
  /** activation(x · kernel + bias), `[batch, out]` from `[batch, in]` and `[in, out]`. */
  dense(x: tf.Tensor2D, kernel: tf.Tensor2D, bias: tf.Tensor1D | null, activation: Activation): tf.Tensor2D;
  /** 2x2 max pool with stride 2, valid; ties give the whole gradient to the first maximum in row-major order. */
  maxPool(x: tf.Tensor4D): tf.Tensor4D;
  /** Cross-entropy of each example in nats, `[batch]`, from logits `[batch, classes]` and int32 labels `[batch]`. */
  crossEntropy(logits: tf.Tensor2D, labels: tf.Tensor1D): tf.Tensor1D;
  /**
   * η after n steps of YOPO's inner loop (Zhang et al. 2019, algorithm 1): with s = x + η and z = clip(s, 0, 1),
   * g = ∂(Σ p·f0(z))/∂s, where the clip passes the gradient AT its bounds and stops it strictly outside;
   * η ← clip(η + α·sign(g) or α·g, ±ε); η ← clip(x + η, 0, 1) − x. Not differentiable.
   */
  innerLoop(loop: InnerLoop): tf.Tensor4D;
}

/** An opened engine. One engine is active in a process (or Worker) at a time: tfjs's backend is global. */
export interface Engine {
  readonly name: EngineName;
  /** Package and version, such as "@tensorflow/tfjs-backend-wasm 4.22.0". */
  readonly version: string;
  /** Name and version of the kernel table, part of the engine key: "composed-1". Raise it when bits may change. */
  readonly kernelSet: string;
  /** Precision of products and sums. */
  readonly precision: "f32";
  /** Data-parallel workers that compute one step; the machine decides. */
  readonly workers: number;
  /** Parts of a batch whose sums are added in a fixed order; the recipe decides, so that bits do not depend on workers. */
  readonly shards: number;
  readonly kernels: Kernels;
  /** Sum of partial sums over all workers, in shard order; the identity where there is one worker. Consumes nothing. */
  allReduce<T extends tf.Tensor>(partial: T): T;
  /** Resolves when all queued work is done. Accelerators must wait here; wasm and cpu are synchronous. */
  synchronize(): Promise<void>;
  /** Live tensors and bytes held by the backend. */
  memory(): { tensors: number; bytes: number };
}

/** What doctor and list show of an engine, and how it is opened. */
export interface EngineDefinition {
  readonly name: EngineName;
  readonly summary: string;
  /** Whether it can run here; when not, why and what to do. Cheap: does not start the engine. */
  available(): Promise<{ available: true } | { available: false; reason: string; advice: string }>;
  /** Makes it tfjs's active backend and returns it. @throws {Error} When it cannot start. */
  open(): Promise<Engine>;
}

/** Batch normalisation (Ioffe and Szegedy 2015, arXiv:1502.03167) with the conventions of torch.nn.BatchNorm2d: the batch's
 *  mean and biased variance in training mode, running ones in evaluation mode, ε = 1e-5. The running ones are a network's
 *  buffers: running ← 0.9·running + 0.1·batch, with the unbiased variance. @module */

import * as tf from "@tensorflow/tfjs";
import type { Activation } from "../backends/engine.ts";
import { ones, parameter, type ParameterDefinition, zeros } from "./layers.ts";
import type { BatchStatistics, ForwardContext, Parameters } from "./model.ts";

const EPSILON = 1e-5;

/** Share of the newest batch in the running statistics, PyTorch's "momentum". */
const SHARE = 0.1;

/** Scale `[channels]`, one, and offset `[channels]`, zero. */
export function normalizationParameters(layer: string, channels: number): ParameterDefinition[] {
  return [
    { name: `${layer}.scale`, shape: [channels], start: ones },
    { name: `${layer}.offset`, shape: [channels], start: zeros },
  ];
}

/** Running mean `[channels]`, zero, and running variance `[channels]`, one. */
export function normalizationBuffers(layer: string, channels: number): ParameterDefinition[] {
  return [
    { name: `${layer}.mean`, shape: [channels], start: zeros },
    { name: `${layer}.variance`, shape: [channels], start: ones },
  ];
}

/** The layer `layer` in the mode of the pass; a training-mode pass tells its context what it saw. */
export function normalizationLayer(
  parameters: Parameters,
  layer: string,
  x: tf.Tensor4D,
  { context, activation }: { context: ForwardContext; activation: Activation },
): tf.Tensor4D {
  const of = (part: string): tf.Tensor1D => parameter(parameters, `${layer}.${part}`) as tf.Tensor1D;
  const options = { epsilon: EPSILON, activation };
  if (!context.training) {
    const statistics = { mean: of("mean"), variance: of("variance") };
    return context.kernels.normalization(x, of("scale"), of("offset"), statistics, options);
  }
  const { y, mean, variance } = context.kernels.batchNormalization(x, of("scale"), of("offset"), options);
  if (context.statistics !== undefined) {
    const count = x.size / x.shape[3];
    context.statistics({ layer, mean: tf.keep(mean.clone()), variance: tf.keep(variance.clone()), count });
  }
  return y;
}

/**
 * Moves a layer's running statistics towards what a pass saw, and releases that.
 *
 * @param count Values of a channel in the whole batch, N; the variance becomes unbiased by N/(N − 1).
 */
export function updateRunningStatistics(
  parameters: Map<string, tf.Tensor>,
  { layer, mean, variance }: BatchStatistics,
  count: number,
): void {
  move(parameters, `${layer}.mean`, mean, 1);
  move(parameters, `${layer}.variance`, variance, count > 1 ? count / (count - 1) : 1);
  tf.dispose([mean, variance]);
}

function move(parameters: Map<string, tf.Tensor>, name: string, seen: tf.Tensor, correction: number): void {
  const before = parameter(parameters, name);
  parameters.set(
    name,
    tf.keep(tf.tidy(() => tf.add(tf.mul(before, 1 - SHARE), tf.mul(seen, SHARE * correction)))),
  );
  before.dispose();
}

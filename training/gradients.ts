/** Gradients of the summed cross-entropy, the building blocks of every method. All are sums over the examples of the whole
 *  batch, over all workers of the team, so that no example's share depends on the batch or on who computed it. @module */

import * as tf from "@tensorflow/tfjs";
import type { ForwardContext } from "../models/model.ts";
import { isFirst, parameter } from "../models/layers.ts";
import type { StepContext } from "./method.ts";
import type { LossGradients, StepTally } from "./single_step.ts";

/** Images and labels, `[batch, height, width, channels]` in 0..1 and int32 `[batch]`. */
export interface Examples {
  readonly x: tf.Tensor4D;
  readonly y: tf.Tensor1D;
}

/** Names of the model's parameters, in order, f0's or the others. */
function names(context: StepContext, which: (name: string) => boolean): string[] {
  return context.model.parameters.map(({ name }) => name).filter(which);
}

/** A function's value and its gradients at `inputs`, which it reads by closure; leaves no other tensor behind. */
function differentiate<T extends tf.Tensor>(
  inputs: readonly tf.Tensor[],
  value: () => T,
  upstream?: T,
): [T, ...tf.Tensor[]] {
  return tf.tidy(() => {
    const result = tf.valueAndGrads(value)([...inputs], upstream);
    return [result.value as T, ...result.grads];
  });
}

/** This worker's sums become the whole batch's; disposes the summands. */
function overAllWorkers({ engine }: StepContext, partials: readonly tf.Tensor[]): tf.Tensor[] {
  const sums = engine.allReduce(partials);
  tf.dispose([...partials]);
  return sums;
}

function zip(keys: readonly string[], values: readonly tf.Tensor[]): Map<string, tf.Tensor> {
  return new Map(keys.map((key, i) => [key, values[i]!]));
}

/** Σ cross-entropy and its gradient with respect to all parameters. One full pass. */
export function lossGradients(
  context: StepContext,
  { x, y }: Examples,
  forward: ForwardContext,
  tally: StepTally,
): LossGradients {
  const { model, parameters } = context;
  const all = names(context, () => true);
  tally.passes.full += 1;
  const sums = differentiate(all.map((name) => parameter(parameters, name)), () => {
    const logits = model.rest(parameters, model.firstLayer(parameters, x, forward), forward);
    return forward.kernels.batchSum(forward.kernels.crossEntropy(logits, y));
  });
  const [lossSum, ...gradients] = overAllWorkers(context, sums);
  return { lossSum: lossSum as tf.Scalar, gradients: zip(all, gradients) };
}

/** What a full pass of YOPO gives. */
export interface CostatePass extends LossGradients {
  /** p = ∂(Σ loss)/∂h, shaped like f0's output: each example's own, whatever the batch; this worker's examples. */
  readonly p: tf.Tensor4D;
}

/**
 * Σ cross-entropy, p, and the gradient with respect to the parameters of g, from the same forward and backward pass. One
 * full pass, but for the first layer's own gradient: {@linkcode firstLayerGradients} of p gives that.
 */
export function costatePass(
  context: StepContext,
  { x, y }: Examples,
  forward: ForwardContext,
  tally: StepTally,
): CostatePass {
  const { model, parameters } = context;
  const rest = names(context, (name) => !isFirst(name));
  tally.passes.full += 1;
  const [shareOfLoss, p, ...shares] = tf.tidy(() => {
    const h = model.firstLayer(parameters, x, forward);
    return differentiate(
      [h, ...rest.map((name) => parameter(parameters, name))],
      () => forward.kernels.batchSum(forward.kernels.crossEntropy(model.rest(parameters, h, forward), y)),
    );
  });
  const [lossSum, ...gradients] = overAllWorkers(context, [shareOfLoss, ...shares]);
  return { lossSum: lossSum as tf.Scalar, p: p as tf.Tensor4D, gradients: zip(rest, gradients) };
}

/** Gradient of Σ p·f0(x) with respect to f0's parameters, p held fixed. One pass through f0; the caller counts it. */
export function firstLayerGradients(
  context: StepContext,
  x: tf.Tensor4D,
  p: tf.Tensor4D,
  forward: ForwardContext,
): Map<string, tf.Tensor> {
  const { model, parameters } = context;
  const first = names(context, isFirst);
  const [h, ...shares] = differentiate(
    first.map((name) => parameter(parameters, name)),
    () => model.firstLayer(parameters, x, forward),
    p,
  );
  h.dispose();
  return zip(first, overAllWorkers(context, shares));
}

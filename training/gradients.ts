/** Gradients of summed losses, the building blocks of every method. All are sums over the examples of the whole
 *  batch, over all workers of the team, so that no example's share depends on the batch or on who computed it. @module */

import * as tf from "@tensorflow/tfjs";
import type { ForwardContext, Parameters } from "../models/model.ts";
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

/** Logits `[batch, classes]` of images `[batch, height, width, channels]`; counts no pass. */
export function logitsAt({ model, parameters }: StepContext, x: tf.Tensor4D, forward: ForwardContext): tf.Tensor2D {
  return model.rest(parameters, model.firstLayer(parameters, x, forward), forward);
}

/**
 * A summed loss, this worker's share of it computed by `lossSum`, and its gradient with respect to all parameters.
 *
 * @param passes The parameters of each pass that the loss depends on; two passes need two sets of tensors. Each pass's
 *   gradient is summed over the batch before they are added: so the order does not depend on the number of workers.
 */
export function gradientsOverPasses(
  context: StepContext,
  passes: readonly Parameters[],
  lossSum: () => tf.Scalar,
): LossGradients {
  const all = names(context, () => true);
  const inputs = passes.flatMap((parameters) => all.map((name) => parameter(parameters, name)));
  const [sum, ...shares] = overAllWorkers(context, differentiate(inputs, lossSum));
  const gradients = all.map((_, i) => {
    const own = shares.filter((_, j) => j % all.length === i);
    return own.length === 1 ? own[0]! : addAway(own);
  });
  return { lossSum: sum as tf.Scalar, gradients: zip(all, gradients) };
}

/** The sum of the tensors, which are disposed. */
function addAway(summands: readonly tf.Tensor[]): tf.Tensor {
  const sum = tf.addN([...summands]);
  tf.dispose([...summands]);
  return sum;
}

/** Σ cross-entropy and its gradient with respect to all parameters. One full pass. */
export function lossGradients(
  context: StepContext,
  { x, y }: Examples,
  forward: ForwardContext,
  tally: StepTally,
): LossGradients {
  tally.passes.full += 1;
  const { batchSum, crossEntropy } = forward.kernels;
  return gradientsOverPasses(
    context,
    [context.parameters],
    () => batchSum(crossEntropy(logitsAt(context, x, forward), y)),
  );
}

/** A summed loss as in {@linkcode gradientsOverPasses}, of one pass, with the gradient at `input`, this worker's examples,
 *  from the same backward pass. */
export function gradientsWithInput<T extends tf.Tensor>(
  context: StepContext,
  input: T,
  lossSum: () => tf.Scalar,
): LossGradients & { readonly inputGradient: T } {
  const all = names(context, () => true);
  const inputs = [input, ...all.map((name) => parameter(context.parameters, name))];
  const [share, inputGradient, ...shares] = differentiate(inputs, lossSum);
  const [sum, ...gradients] = overAllWorkers(context, [share, ...shares]);
  return { lossSum: sum as tf.Scalar, gradients: zip(all, gradients), inputGradient: inputGradient as T };
}

/** Loss of each example, `[batch]`, from logits `[batch, classes]`. */
export type LossPerExample = (logits: tf.Tensor2D) => tf.Tensor1D;

/** What a full pass of YOPO gives. */
export interface CostatePass extends LossGradients {
  /** p = ∂(Σ loss)/∂h, shaped like f0's output: each example's own, whatever the batch; this worker's examples. */
  readonly p: tf.Tensor4D;
}

/**
 * Σ loss, p, and the gradient with respect to the parameters of g, from the same forward and backward pass. One full pass,
 * but for the first layer's own gradient: {@linkcode firstLayerGradients} of p gives that.
 */
export function costatePass(
  context: StepContext,
  { x, loss }: { readonly x: tf.Tensor4D; readonly loss: LossPerExample },
  forward: ForwardContext,
  tally: StepTally,
): CostatePass {
  const rest = names(context, (name) => !isFirst(name));
  const [shareOfLoss, p, ...shares] = costateOf(context, { x, loss, also: rest }, forward, tally);
  const [lossSum, ...gradients] = overAllWorkers(context, [shareOfLoss, ...shares]);
  return { lossSum: lossSum as tf.Scalar, p: p as tf.Tensor4D, gradients: zip(rest, gradients) };
}

/** p alone and Σ loss, both of this worker's examples. One full pass. */
export function costate(
  context: StepContext,
  { x, loss }: { readonly x: tf.Tensor4D; readonly loss: LossPerExample },
  forward: ForwardContext,
  tally: StepTally,
): { readonly p: tf.Tensor4D; readonly lossSum: tf.Scalar } {
  const [lossSum, p] = costateOf(context, { x, loss, also: [] }, forward, tally);
  return { p: p as tf.Tensor4D, lossSum: lossSum as tf.Scalar };
}

/** This worker's Σ loss, p, and gradients with respect to the parameters named in `also`. */
function costateOf(
  context: StepContext,
  { x, loss, also }: { readonly x: tf.Tensor4D; readonly loss: LossPerExample; readonly also: readonly string[] },
  forward: ForwardContext,
  tally: StepTally,
): [lossSum: tf.Tensor, p: tf.Tensor, ...gradients: tf.Tensor[]] {
  const { model, parameters } = context;
  tally.passes.full += 1;
  return tf.tidy(() => {
    const h = model.firstLayer(parameters, x, forward);
    const inputs = [h, ...also.map((name) => parameter(parameters, name))];
    const value = () => forward.kernels.batchSum(loss(model.rest(parameters, h, forward)));
    const [lossSum, p, ...gradients] = differentiate(inputs, value);
    return [lossSum, p!, ...gradients];
  });
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

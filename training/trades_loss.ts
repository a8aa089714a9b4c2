/** What TRADES and TRADES-YOPO share: Zhang et al. 2019, arXiv:1901.08573, equation 5.
 *  KL(p ‖ q) = Σ p·(log p − log q) over the classes, p = softmax of the clean image's logits, q = of the adversarial one's.
 *
 *  The step's loss is cross-entropy(clean) + β·KL, both summed over the batch, in training mode: one pass at the clean
 *  images, one at the adversarial ones, each with batch statistics and dropout masks of its own, the gradient through both.
 *  (The authors' code takes p of the loss from a second clean pass, which without dropout gives the same numbers and moves
 *  the running statistics once more; YOPO's has the two.) @module */

import * as tf from "@tensorflow/tfjs";
import { number, type Option } from "../models/options.ts";
import { random } from "../random/random.ts";
import { gradientsOverPasses, logitsAt } from "./gradients.ts";
import type { Shard, StepContext } from "./method.ts";
import { passIn, type PassMode, trainingMode } from "./pass_mode.ts";
import type { LossGradients, StepTally } from "./single_step.ts";

/** Standard deviation of the start, in pixel values. */
const START_DEVIATION = 0.001;

/** β, the weight of the KL divergence. */
export function betaOption(defaultValue: number): Option<number> {
  return number({ doc: "β, the weight of the KL divergence", min: 0, max: 1e6, default: defaultValue });
}

/** η = 0.001·N(0, 1), a function of seed, epoch, step and example; or the recorded one. Not clipped to the image box. */
export function normalStart({ recordedStart, seed, position: { epoch, step } }: StepContext, { x, ids }: Shard) {
  if (recordedStart !== undefined) return recordedStart.clone();
  const pixels = x.size / Math.max(1, x.shape[0]);
  const values = new Float32Array(ids.length * pixels);
  ids.forEach((id, i) => {
    const stream = random(seed, "start", epoch, step, id);
    for (let j = i * pixels; j < (i + 1) * pixels; j++) values[j] = START_DEVIATION * stream.normal();
  });
  return tf.tensor4d(values, x.shape);
}

/** log p of the clean images, `[batch, classes]`. One forward-only pass. */
export function cleanLogProbabilities(
  context: StepContext,
  shard: Shard,
  mode: PassMode,
  tally: StepTally,
): tf.Tensor2D {
  const forward = passIn(mode, context, shard, tally);
  tally.passes.forward += 1;
  return tf.tidy(() => tf.logSoftmax(logitsAt(context, shard.x, forward)));
}

/** KL(p ‖ q) of each example, nats `[batch]`, from log p and the logits of q, both `[batch, classes]`. */
export function klDivergence(logTarget: tf.Tensor2D, logits: tf.Tensor2D): tf.Tensor1D {
  return tf.tidy(() => {
    const ratio = tf.sub(logTarget, tf.logSoftmax(logits));
    return tf.sum<tf.Tensor1D>(tf.mul(tf.exp(logTarget), ratio), 1);
  });
}

/** Gradient of the step's loss. Two full passes. Traces this worker's "crossEntropySum" and "klSum" in round 0. */
export function tradesGradients(
  context: StepContext,
  shard: Shard,
  { adversarial, beta }: { readonly adversarial: tf.Tensor4D; readonly beta: number },
  tally: StepTally,
): LossGradients {
  const [cleanPass, adversarialPass] = [0, 1].map(() => {
    const forward = trainingMode(context, shard, tally);
    tally.passes.full += 1;
    return forward;
  });
  const { parameters, engine: { kernels: { batchSum, crossEntropy } } } = context;
  const again = new Map([...parameters].map(([name, value]) => [name, value.clone()]));
  const result = gradientsOverPasses(context, [parameters, again], () => {
    const clean = logitsAt(context, shard.x, cleanPass!);
    const crossEntropies = crossEntropy(clean, shard.y);
    const adversarialLogits = logitsAt({ ...context, parameters: again }, adversarial, adversarialPass!);
    const divergences = klDivergence(tf.logSoftmax(clean), adversarialLogits);
    context.trace?.("crossEntropySum", 0, tf.sum(crossEntropies));
    context.trace?.("klSum", 0, tf.sum(divergences));
    return batchSum(tf.add(crossEntropies, tf.mul(divergences, beta)));
  });
  tf.dispose([...again.values()]);
  return result;
}

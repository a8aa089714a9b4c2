/** Free-m: Shafahi et al. 2019, arXiv:1904.12843, algorithm 1. Each batch is replayed m times. A replay is one full pass in
 *  training mode at x+δ that gives the weights' gradient, and with it g = ∂(Σ loss)/∂δ; both act at once: one optimizer step,
 *  and δ ← clip(δ + ε·sign(g), ±ε). δ starts at zero and is carried from batch to batch, entry by entry: image i of a batch
 *  begins where image i of the one before ended. A smaller last batch uses and updates the first entries. Recipes divide
 *  their epochs by m.
 *
 *  Variants, which differ in the image box. "original", as the authors' TensorFlow code and so our default: the pass is at
 *  clip(x+δ, 0, 1), whose gradient is 1 at the bounds and 0 outside; δ itself knows no box. "fast", as the Free training in
 *  the code of Wong et al. 2020 (locuslab/fast_adversarial): the pass is at x+δ, and δ is then clipped to [-x, 1-x] as well;
 *  what is carried over is not clipped to the next batch's box before its first pass.
 *
 *  Traced: "delta" after each replay, this worker's rows; the round is the replay. @module */

import * as tf from "@tensorflow/tfjs";
import { formatThreatModel } from "../attacks/threat_model.ts";
import { choice, type OptionValues, resolveOptions } from "../models/options.ts";
import { epsilonOption } from "./attack_training.ts";
import { gradientsWithInput, logitsAt } from "./gradients.ts";
import type { MethodDefinition, Shard, StepContext, StepResult, TrainingMethod } from "./method.ts";
import { trainingMode } from "./pass_mode.ts";
import { newTally } from "./single_step.ts";

const options = {
  epsilon: epsilonOption,
  variant: choice(
    ["original", "fast"],
    "Image box: the network sees clip(x+δ, 0, 1), as Shafahi et al.'s code; or x+δ, and δ is clipped to the box, as Wong et al.'s",
  ),
};

interface Free {
  readonly replays: number;
  readonly epsilon: number;
  readonly variant: "original" | "fast";
}

function create(name: string, numbers: readonly number[], given: OptionValues): TrainingMethod {
  const replays = numbers[0]!;
  const resolved = resolveOptions(options, given, `method "${name}"`);
  const { epsilon, variant } = resolved;
  const box = variant === "original" ? "" : ", δ clipped to the image box";
  return {
    name,
    label: `Free-${replays}, ${formatThreatModel({ norm: "linf", epsilon })}${box}`,
    resolved,
    stepsPerBatch: replays,
    step: (context, shard) => replayBatch(context, shard, { ...resolved, replays }),
  };
}

function* replayBatch(context: StepContext, shard: Shard, free: Free): Generator<StepResult, void, void> {
  let delta = takeDelta(context, shard);
  try {
    for (let replay = 0; replay < free.replays; replay++) {
      const { result, inputGradient } = replayOnce(context, { shard, delta, replay, free });
      context.phase?.("attack");
      const moved = moveDelta(shard.x, delta, inputGradient, free);
      tf.dispose([delta, inputGradient]);
      delta = moved;
      context.trace?.("delta", replay, delta);
      if (replay === free.replays - 1) carryDelta(context, shard, delta);
      yield result;
    }
  } finally {
    delta.dispose();
  }
}

interface Replay {
  readonly shard: Shard;
  readonly delta: tf.Tensor4D;
  readonly replay: number;
  readonly free: Free;
}

/** The one full pass of a replay, and its gradient with respect to δ. */
function replayOnce(
  context: StepContext,
  { shard, delta, replay, free }: Replay,
): { readonly result: StepResult; readonly inputGradient: tf.Tensor4D } {
  context.phase?.("weightGradients"); // the same pass gives δ's
  const tally = newTally();
  const forward = trainingMode(context, shard, tally, replay);
  tally.passes.full += 1;
  const { inputGradient, ...sums } = gradientsWithInput(context, delta, () => {
    const at = tf.add<tf.Tensor4D>(shard.x, delta);
    const logits = logitsAt(context, free.variant === "original" ? tf.clipByValue(at, 0, 1) : at, forward);
    return forward.kernels.batchSum(forward.kernels.crossEntropy(logits, shard.y));
  });
  return { result: { ...sums, count: shard.batchCount, ...tally }, inputGradient };
}

/** δ after one step along the gradient's sign; kept. */
function moveDelta(x: tf.Tensor4D, delta: tf.Tensor4D, gradient: tf.Tensor4D, { epsilon, variant }: Free): tf.Tensor4D {
  return tf.keep(tf.tidy(() => {
    const moved = tf.clipByValue(tf.add(delta, tf.mul(tf.sign(gradient), epsilon)), -epsilon, epsilon);
    if (variant === "original") return moved as tf.Tensor4D;
    return tf.minimum<tf.Tensor4D>(tf.maximum(moved, tf.neg(x)), tf.sub(1, x));
  }));
}

/** Name of the state: δ of every entry of a full batch, `[batch, height, width, channels]`. */
const DELTA = "delta";

/** This worker's rows of the δ that is carried, zeros where there is none; kept. */
function takeDelta({ state }: StepContext, { x, batchCount, first }: Shard): tf.Tensor4D {
  return tf.keep(tf.tidy(() => {
    const carried = state.get(DELTA) ?? tf.zeros([batchCount, ...x.shape.slice(1)]);
    const missing = Math.max(0, batchCount - carried.shape[0]!);
    return tf.slice(padRows(carried as tf.Tensor4D, 0, missing), first, x.shape[0]);
  }));
}

/** Puts every worker's rows in their places of the δ that is carried, the same on all workers. */
function carryDelta({ engine, state }: StepContext, { ids, batchCount, first }: Shard, delta: tf.Tensor4D): void {
  const before = state.get(DELTA) as tf.Tensor4D | undefined;
  const carried = tf.tidy(() => {
    const isWhole = ids.length === batchCount; // then no other worker holds rows of its own
    const placed = isWhole ? delta : padRows(delta, first, batchCount - first - ids.length);
    const [whole] = isWhole ? [placed.clone()] : engine.allReduce([placed]);
    const unused = (before?.shape[0] ?? 0) - batchCount;
    return unused > 0 ? tf.concat([whole!, tf.slice(before!, batchCount, unused)]) : whole!;
  });
  before?.dispose();
  state.set(DELTA, tf.keep(carried));
}

function padRows(rows: tf.Tensor4D, before: number, after: number): tf.Tensor4D {
  return before + after === 0 ? rows : tf.pad(rows, [[before, after], [0, 0], [0, 0], [0, 0]]);
}

/** Free adversarial training. */
export const free: MethodDefinition = {
  pattern: "free-M",
  summary: "M replays of each batch, each an optimizer step and a step of the perturbation; 1 full pass a step",
  options,
  create,
};

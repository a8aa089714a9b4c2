/** What FGSM, FGSM-RS and PGD-K training share: attack the batch with the current weights, then take the gradient at the
 *  adversarial images. Madry et al. 2018, arXiv:1706.06083. L∞ throughout.
 *  Traced in round 0: "start" (η before the attack) and "adversarial" (x'), both shaped like x. @module */

import * as tf from "@tensorflow/tfjs";
import { classifier } from "../attacks/classifier.ts";
import type { Classifier, ThreatModel } from "../attacks/attack.ts";
import { pgdSteps } from "../attacks/pgd_steps.ts";
import { clipStart, uniformStart, zeroStart } from "../attacks/starts.ts";
import { choice, derivedNumber, type Option, requiredNumber } from "../models/options.ts";
import { random } from "../random/random.ts";
import { lossGradients } from "./gradients.ts";
import type { Shard, StepContext } from "./method.ts";
import { passIn, type PassMode, trainingMode } from "./pass_mode.ts";
import type { LossGradients, StepTally } from "./single_step.ts";

/** ε, which every adversarial method needs. */
export const epsilonOption: Option<number> = requiredNumber({
  doc: "L∞ radius ε in pixel values of 0..1",
  above: 0,
  max: 1,
});

/** α, with the formula of its default. */
export function stepSizeOption(defaultText: string): Option<number | undefined> {
  return derivedNumber({ doc: "Step size α in pixel values", above: 0, max: 1e6, defaultText });
}

/** How the network behaves while it is attacked. */
export const attackModeOption = choice(
  ["evaluation", "training"],
  "Mode of the network during the attack: evaluation without dropout and by running statistics, or as it trains",
);

/** How a batch is attacked and what is then trained on. */
export interface AttackTraining {
  readonly epsilon: number;
  readonly stepSize: number;
  readonly steps: number;
  /** "zero", or uniform in the ball, "uniform" clipped to the image box and "uniform, unclipped" not. */
  readonly start: "zero" | "uniform" | "uniform, unclipped";
  readonly attackMode: PassMode;
  readonly objective: "adversarial" | "adversarial + clean";
}

/** η ~ U(-ε, ε), a function of seed, epoch, step and example; or the recorded one. Not clipped to the image box. */
export function drawStart(context: StepContext, shard: Shard, epsilon: number): tf.Tensor4D {
  if (context.recordedStart !== undefined) return context.recordedStart.clone();
  const { seed, position: { epoch, step } } = context;
  const threat: ThreatModel = { norm: "linf", epsilon };
  return uniformStart(threat, shard.x.shape, shard.ids, (id) => random(seed, "start", epoch, step, id));
}

/** Gradient of one step. `steps` full passes for the attack, one for each term of the objective. */
export function attackAndTrain(
  context: StepContext,
  shard: Shard,
  training: AttackTraining,
  tally: StepTally,
): LossGradients {
  context.phase?.("attack");
  const adversarial = attack(context, shard, training, tally);
  context.phase?.("weightGradients");
  context.trace?.("adversarial", 0, adversarial);
  const examples = { x: adversarial, y: shard.y };
  const atAdversarial = lossGradients(context, examples, trainingMode(context, shard, tally), tally);
  adversarial.dispose();
  if (training.objective === "adversarial") return atAdversarial;
  return addUp(atAdversarial, lossGradients(context, shard, trainingMode(context, shard, tally), tally));
}

function attack(context: StepContext, shard: Shard, training: AttackTraining, tally: StepTally): tf.Tensor4D {
  const { epsilon, stepSize, steps } = training;
  return tf.tidy(() => {
    const start = makeStart(context, shard, training);
    context.trace?.("start", 0, start);
    return pgdSteps(attacked(context, shard, training.attackMode, tally), shard, start, {
      threat: { norm: "linf", epsilon },
      stepSize,
      steps,
      loss: "cross-entropy",
    });
  });
}

function makeStart(context: StepContext, shard: Shard, { start, epsilon }: AttackTraining): tf.Tensor4D {
  if (start === "zero") return zeroStart(shard.x);
  const eta = drawStart(context, shard, epsilon);
  return start === "uniform" ? clipStart(shard.x, eta) : eta;
}

/** The network as the attack sees it; each evaluation of the logits is the forward half of a full pass. */
function attacked(
  context: StepContext,
  shard: Shard,
  mode: PassMode,
  tally: StepTally,
): Classifier {
  const { model, parameters, engine: { kernels } } = context;
  return {
    classes: model.classes,
    kernels,
    logits(x) {
      const forward = passIn(mode, context, shard, tally);
      tally.passes.full += 1;
      return classifier(model, parameters, forward).logits(x);
    },
  };
}

/** Sums of two losses and their gradients; disposes the summands. */
export function addUp(a: LossGradients, b: LossGradients): LossGradients {
  const plus = <T extends tf.Tensor>(left: T, right: tf.Tensor): T => {
    const sum = tf.add<T>(left, right);
    left.dispose();
    right.dispose();
    return sum;
  };
  return {
    lossSum: plus(a.lossSum, b.lossSum),
    gradients: new Map([...a.gradients].map(([name, gradient]) => [name, plus(gradient, b.gradients.get(name)!)])),
  };
}

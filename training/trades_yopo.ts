/** TRADES-YOPO-m-n: YOPO's inner loop with TRADES's loss, as in YOPO's public code (Zhang et al. 2019, arXiv:1905.00877,
 *  section 4.2). From 0.001·N(0, 1), m rounds: a full pass at x+η gives p = ∂KL/∂h, KL(softmax(x) ‖ softmax(x+η)) with the
 *  clean prediction held constant; n passes through f0 move η with p frozen. All of it by default in evaluation mode, and
 *  its weight gradients are not used. Then one training-mode step on cross-entropy(clean) + β·KL at clip(x+η, 0, 1), as in
 *  trades_loss.ts, for all layers. m+2 full passes, one forward-only pass (the clean prediction), m·n of f0.
 *
 *  Our default α, 2.5 ε/(m·n), is that of YOPO. Traced each round: "eta" (after the inner steps), "p" and "klAtPass", the
 *  divergence summed over this worker's examples; in round 0 "start", "crossEntropySum", "klSum". @module */

import * as tf from "@tensorflow/tfjs";
import { formatPixelValue, formatThreatModel } from "../attacks/threat_model.ts";
import { type OptionValues, resolveOptions } from "../models/options.ts";
import { attackModeOption, epsilonOption, stepSizeOption } from "./attack_training.ts";
import { costate } from "./gradients.ts";
import type { MethodDefinition, Shard, StepContext, TrainingMethod } from "./method.ts";
import { passIn, type PassMode } from "./pass_mode.ts";
import { type LossGradients, singleStep, type StepTally } from "./single_step.ts";
import { betaOption, cleanLogProbabilities, klDivergence, normalStart, tradesGradients } from "./trades_loss.ts";

const options = {
  epsilon: epsilonOption,
  stepSize: stepSizeOption("2.5 ε/(M·N)"),
  beta: betaOption(1),
  attackMode: attackModeOption,
};

interface TradesYopo {
  readonly rounds: number;
  readonly innerSteps: number;
  readonly epsilon: number;
  readonly stepSize: number;
  readonly beta: number;
  readonly attackMode: PassMode;
}

function create(name: string, numbers: readonly number[], given: OptionValues): TrainingMethod {
  const [rounds, innerSteps] = numbers as [number, number];
  const chosen = resolveOptions(options, given, `method "${name}"`);
  const resolved = { ...chosen, stepSize: chosen.stepSize ?? 2.5 * chosen.epsilon / (rounds * innerSteps) };
  const tradesYopo = { ...resolved, rounds, innerSteps };
  return singleStep({
    name,
    label: label(tradesYopo),
    resolved,
    compute: (context, shard, tally) => attackAndTrain(context, shard, tradesYopo, tally),
  });
}

function label({ rounds, innerSteps, epsilon, stepSize, beta, attackMode }: TradesYopo): string {
  return [
    `TRADES-YOPO-${rounds}-${innerSteps}`,
    formatThreatModel({ norm: "linf", epsilon }),
    `α=${formatPixelValue(stepSize)}`,
    `β=${beta}`,
    ...(attackMode === "evaluation" ? [] : ["attacked in training mode"]),
  ].join(", ");
}

function attackAndTrain(context: StepContext, shard: Shard, method: TradesYopo, tally: StepTally): LossGradients {
  context.phase?.("attack");
  const adversarial = tf.tidy(() => {
    const target = cleanLogProbabilities(context, shard, method.attackMode, tally);
    let eta = normalStart(context, shard);
    context.trace?.("start", 0, eta);
    for (let round = 0; round < method.rounds; round++) {
      const next = tf.tidy(() => oneRound(context, { shard, target, eta, round, method }, tally));
      eta.dispose();
      eta = next;
    }
    return tf.clipByValue<tf.Tensor4D>(tf.add(shard.x, eta), 0, 1);
  });
  context.phase?.("weightGradients");
  const result = tradesGradients(context, shard, { adversarial, beta: method.beta }, tally);
  adversarial.dispose();
  return result;
}

interface Round {
  readonly shard: Shard;
  /** log p of the clean images. */
  readonly target: tf.Tensor2D;
  readonly eta: tf.Tensor4D;
  readonly round: number;
  readonly method: TradesYopo;
}

/** η after one full pass and n inner steps. */
function oneRound(context: StepContext, { shard, target, eta, round, method }: Round, tally: StepTally): tf.Tensor4D {
  const forward = passIn(method.attackMode, context, shard, tally);
  const loss = (logits: tf.Tensor2D) => klDivergence(target, logits);
  const { p, lossSum } = costate(context, { x: tf.add(shard.x, eta), loss }, forward, tally);
  tally.passes.firstLayerAdversary += method.innerSteps;
  const next = forward.kernels.innerLoop({
    firstLayer: context.model.describeFirstLayer(context.parameters),
    x: shard.x,
    eta,
    p,
    epsilon: method.epsilon,
    stepSize: method.stepSize,
    steps: method.innerSteps,
    update: "sign",
  });
  context.trace?.("klAtPass", round, lossSum);
  context.trace?.("p", round, p);
  context.trace?.("eta", round, next);
  return next;
}

/** TRADES-YOPO-m-n training. */
export const tradesYopo: MethodDefinition = {
  pattern: "trades-yopo-M-N",
  summary: "TRADES's loss with YOPO's inner loop; M+2 full passes a step",
  options,
  create,
};

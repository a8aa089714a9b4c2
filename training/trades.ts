/** TRADES-K: Zhang et al. 2019, arXiv:1901.08573. K projected sign steps from x + 0.001·N(0, 1) maximise
 *  KL(softmax(x) ‖ softmax(x+η)) with the clean prediction held constant, by default in evaluation mode; then one step on
 *  cross-entropy(clean) + β·KL as in trades_loss.ts. β is 6 as in TRADES; the recipe in YOPO's code takes 1. K+2 full passes
 *  and one forward-only pass (the clean prediction, which the authors' code computes anew in every attack step).
 *
 *  Our default α, 2.5 ε/K, is that of PGD. Traced in round 0: "start", "adversarial", "crossEntropySum", "klSum". @module */

import * as tf from "@tensorflow/tfjs";
import { formatPixelValue, formatThreatModel } from "../attacks/threat_model.ts";
import { type OptionValues, resolveOptions } from "../models/options.ts";
import { attackModeOption, epsilonOption, stepSizeOption } from "./attack_training.ts";
import { logitsAt } from "./gradients.ts";
import type { MethodDefinition, Shard, StepContext, TrainingMethod } from "./method.ts";
import { passIn, type PassMode } from "./pass_mode.ts";
import { type LossGradients, singleStep, type StepTally } from "./single_step.ts";
import { betaOption, cleanLogProbabilities, klDivergence, normalStart, tradesGradients } from "./trades_loss.ts";

const options = {
  epsilon: epsilonOption,
  stepSize: stepSizeOption("2.5 ε/K"),
  beta: betaOption(6),
  attackMode: attackModeOption,
};

interface Trades {
  readonly steps: number;
  readonly epsilon: number;
  readonly stepSize: number;
  readonly beta: number;
  readonly attackMode: PassMode;
}

function create(name: string, numbers: readonly number[], given: OptionValues): TrainingMethod {
  const steps = numbers[0]!;
  const chosen = resolveOptions(options, given, `method "${name}"`);
  const resolved = { ...chosen, stepSize: chosen.stepSize ?? 2.5 * chosen.epsilon / steps };
  const trades = { ...resolved, steps };
  return singleStep({
    name,
    label: label(trades),
    resolved,
    compute: (context, shard, tally) => attackAndTrain(context, shard, trades, tally),
  });
}

function label({ steps, epsilon, stepSize, beta, attackMode }: Trades): string {
  return [
    `TRADES-${steps}`,
    formatThreatModel({ norm: "linf", epsilon }),
    `α=${formatPixelValue(stepSize)}`,
    `β=${beta}`,
    ...(attackMode === "evaluation" ? [] : ["attacked in training mode"]),
  ].join(", ");
}

function attackAndTrain(context: StepContext, shard: Shard, trades: Trades, tally: StepTally): LossGradients {
  context.phase?.("attack");
  const adversarial = tf.tidy(() => attack(context, shard, trades, tally));
  context.phase?.("weightGradients");
  context.trace?.("adversarial", 0, adversarial);
  const result = tradesGradients(context, shard, { adversarial, beta: trades.beta }, tally);
  adversarial.dispose();
  return result;
}

/** Images that the divergence is large at. One full pass a step. */
function attack(context: StepContext, shard: Shard, trades: Trades, tally: StepTally): tf.Tensor4D {
  const { epsilon, stepSize, steps, attackMode } = trades;
  const target = cleanLogProbabilities(context, shard, attackMode, tally);
  let eta = normalStart(context, shard);
  context.trace?.("start", 0, eta);
  for (let step = 0; step < steps; step++) {
    const forward = passIn(attackMode, context, shard, tally);
    tally.passes.full += 1;
    const next = tf.tidy(() => {
      const divergence = (at: tf.Tensor) => klDivergence(target, logitsAt(context, at as tf.Tensor4D, forward));
      const gradient = tf.grad(divergence)(tf.add<tf.Tensor4D>(shard.x, eta)) as tf.Tensor4D;
      return forward.kernels.linfStep({ x: shard.x, eta, gradient, epsilon, stepSize });
    });
    eta.dispose();
    eta = next;
  }
  return tf.clipByValue(tf.add(shard.x, eta), 0, 1);
}

/** TRADES training. */
export const trades: MethodDefinition = {
  pattern: "trades-K",
  summary: "cross-entropy of clean images + β·KL to images after K steps; K+2 full passes a step",
  options,
  create,
};

/** YOPO-m-n: Zhang et al. 2019, arXiv:1905.00877, algorithm 1. m = rounds, n = inner steps, α = stepSize, f0 = first
 *  layer, θ0 = its parameters, p = ∂(Σ loss)/∂h at h = f0(x+η), each example's own.
 *
 *  A round: one full pass at x+η gives p and the gradient of all parameters but θ0; n passes through f0 move η with p
 *  frozen; one more, at the η just reached, gives θ0's gradient, that of Σ p·f0(clip(x+η)). The rounds' gradients are
 *  summed, not averaged: recipes divide their learning rate by m. The start is U(-ε, ε), not clipped to the image box, and
 *  every full pass runs in training mode with dropout masks of its own, all as in the authors' code; option `passMode`.
 *
 *  After the last round the authors' code makes one more training-mode forward pass, at clip(x+η, 0, 1), to print an
 *  accuracy; with it the running statistics of batch normalisation move m+1 times a step. Where the network has such
 *  statistics we make that pass too, for them alone; option `statisticsPass`.
 *
 *  Variants, which differ in θ0's gradient only. "paper": the above. "official-torch1" (the authors' code as the paper ran
 *  it): the full pass's own gradient of θ0 is added in every round, so it counts twice (their issue 4). "official" (the
 *  same code under torch 2 and later): likewise, but the full pass of the first round adds nothing to the kernel.
 *
 *  The paper writes the inner step as α·p·∇f0, the authors' code takes its sign: option `update`. Our default α is
 *  2.5 ε/(m·n), the reach of our PGD default; the authors' recipes set their own.
 *
 *  Traced each round: "eta" (after the inner steps), "lossSum" and "logits" (at the η before them), "p", and "gradient/NAME"
 *  (this round's share); "start" in round 0. @module */

import * as tf from "@tensorflow/tfjs";
import { formatPixelValue, formatThreatModel } from "../attacks/threat_model.ts";
import type { ForwardContext } from "../models/model.ts";
import { choice, flag, type OptionValues, resolveOptions } from "../models/options.ts";
import { addUp, drawStart, epsilonOption, stepSizeOption } from "./attack_training.ts";
import { costatePass, firstLayerGradients, logitsAt } from "./gradients.ts";
import type { MethodDefinition, Shard, StepContext, TrainingMethod } from "./method.ts";
import { passIn, type PassMode, trainingMode } from "./pass_mode.ts";
import { type LossGradients, singleStep, type StepTally } from "./single_step.ts";

const options = {
  epsilon: epsilonOption,
  stepSize: stepSizeOption('2.5 ε/(M·N); required with update "gradient"'),
  variant: choice(
    ["paper", "official", "official-torch1"],
    "First layer's gradient: once, as in the paper, or counted twice, as in the public code under torch 2 or torch 1",
  ),
  update: choice(
    ["sign", "gradient"],
    "Inner step along sign(p·∇f0), as the public code, or along p·∇f0, as the paper",
  ),
  passMode: choice(["training", "evaluation"], "Mode of the network in the M full passes"),
  statisticsPass: flag(
    true,
    "With batch normalisation: a training-mode forward pass after the last round that moves the running statistics",
  ),
};

interface Yopo {
  readonly rounds: number;
  readonly innerSteps: number;
  readonly epsilon: number;
  readonly stepSize: number;
  readonly variant: "paper" | "official" | "official-torch1";
  readonly update: "sign" | "gradient";
  readonly passMode: PassMode;
  readonly statisticsPass: boolean;
}

function create(name: string, numbers: readonly number[], given: OptionValues): TrainingMethod {
  const [rounds, innerSteps] = numbers as [number, number];
  const { stepSize, ...chosen } = resolveOptions(options, given, `method "${name}"`);
  if (stepSize === undefined && chosen.update === "gradient") {
    throw new RangeError(
      `Cannot use method "${name}" with update "gradient" without stepSize: p·∇f0 has no natural scale; give stepSize`,
    );
  }
  const resolved = { ...chosen, stepSize: stepSize ?? 2.5 * chosen.epsilon / (rounds * innerSteps) };
  const yopo = { ...resolved, rounds, innerSteps };
  return singleStep({
    name,
    label: label(yopo),
    resolved,
    compute: (context, shard, tally) => allRounds(context, shard, yopo, tally),
  });
}

const VARIANT_LABELS = {
  "paper": [],
  "official": ["first layer as in the public code (torch 2)"],
  "official-torch1": ["first layer as in the public code (torch 1)"],
};

/** What differs from the defaults is said. */
function label({ rounds, innerSteps, epsilon, stepSize, variant, update, passMode, statisticsPass }: Yopo): string {
  return [
    `YOPO-${rounds}-${innerSteps}`,
    formatThreatModel({ norm: "linf", epsilon }),
    `α=${formatPixelValue(stepSize)}`,
    ...(update === "sign" ? [] : ["steps along p·∇f0"]),
    ...VARIANT_LABELS[variant],
    ...(passMode === "training" ? [] : ["full passes in evaluation mode"]),
    ...(statisticsPass ? [] : ["no pass for the statistics alone"]),
  ].join(", ");
}

function allRounds(context: StepContext, shard: Shard, yopo: Yopo, tally: StepTally): LossGradients {
  context.phase?.("attack");
  let eta = drawStart(context, shard, yopo.epsilon);
  context.trace?.("start", 0, eta);
  let sums: LossGradients | undefined;
  for (let round = 0; round < yopo.rounds; round++) {
    const { eta: next, ...share } = oneRound(context, shard, { ...yopo, eta, round }, tally);
    eta.dispose();
    eta = next;
    sums = sums === undefined ? share : addUp(sums, share);
  }
  if (yopo.statisticsPass && context.model.buffers.length > 0) seeStatistics(context, shard, eta, tally);
  eta.dispose();
  const { lossSum, gradients } = sums!;
  const meanLoss = tf.tidy(() => tf.div<tf.Scalar>(lossSum, yopo.rounds));
  lossSum.dispose();
  return { lossSum: meanLoss, gradients };
}

/** A training-mode forward pass at clip(x+η, 0, 1), for what batch normalisation sees. */
function seeStatistics(context: StepContext, shard: Shard, eta: tf.Tensor4D, tally: StepTally): void {
  const forward = trainingMode(context, shard, tally);
  tally.passes.forward += 1;
  tf.tidy(() => void logitsAt(context, clippedSum(shard.x, eta), forward));
}

function clippedSum(x: tf.Tensor4D, eta: tf.Tensor4D): tf.Tensor4D {
  return tf.tidy(() => tf.clipByValue(tf.add<tf.Tensor4D>(x, eta), 0, 1));
}

type Round = Yopo & { readonly eta: tf.Tensor4D; readonly round: number };

function oneRound(
  context: StepContext,
  shard: Shard,
  yopo: Round,
  tally: StepTally,
): LossGradients & { readonly eta: tf.Tensor4D } {
  context.phase?.("weightGradients"); // the full pass gives them, and p
  const forward = passIn(yopo.passMode, context, shard, tally);
  const at = tf.add<tf.Tensor4D>(shard.x, yopo.eta);
  const loss = (logits: tf.Tensor2D): tf.Tensor1D => {
    context.trace?.("logits", yopo.round, logits);
    return forward.kernels.crossEntropy(logits, shard.y);
  };
  const { lossSum, p, gradients: rest } = costatePass(context, { x: at, loss }, forward, tally);
  context.phase?.("attack");
  const eta = moveEta(context, shard.x, p, yopo, tally);
  context.phase?.("weightGradients");
  const first = firstLayerShare(context, { shard, at, eta, p, forward, yopo }, tally);
  const gradients = inModelOrder(context, new Map([...first, ...rest]));
  traceRound(context, yopo.round, { eta, lossSum, p, gradients });
  tf.dispose([at, p]);
  return { eta, lossSum, gradients };
}

function moveEta(context: StepContext, x: tf.Tensor4D, p: tf.Tensor4D, yopo: Round, tally: StepTally): tf.Tensor4D {
  tally.passes.firstLayerAdversary += yopo.innerSteps;
  const { eta, epsilon, stepSize, innerSteps: steps, update } = yopo;
  return tf.tidy(() => { // the first layer as data may hold a filter of its own
    const firstLayer = context.model.describeFirstLayer(context.parameters);
    return context.engine.kernels.innerLoop({ firstLayer, x, eta, p, epsilon, stepSize, steps, update });
  });
}

interface RoundTensors {
  readonly shard: Shard;
  /** x+η before the inner steps, where the full pass was. */
  readonly at: tf.Tensor4D;
  /** η after them. */
  readonly eta: tf.Tensor4D;
  readonly p: tf.Tensor4D;
  readonly forward: ForwardContext;
  readonly yopo: Round;
}

/** θ0's gradient in one round: that of the Hamiltonian, and in the official variants that of the full pass as well. */
function firstLayerShare(
  context: StepContext,
  { shard, at, eta, p, forward, yopo }: RoundTensors,
  tally: StepTally,
): Map<string, tf.Tensor> {
  tally.passes.firstLayerWeights += 1;
  const moved = clippedSum(shard.x, eta);
  const share = firstLayerGradients(context, moved, p, forward);
  moved.dispose();
  if (yopo.variant === "paper") return share;
  const fromFullPass = firstLayerGradients(context, at, p, forward);
  for (const [name, gradient] of fromFullPass) {
    const discarded = yopo.variant === "official" && yopo.round === 0 && name.endsWith(".kernel");
    if (!discarded) {
      const once = share.get(name)!;
      share.set(name, tf.add(once, gradient));
      once.dispose();
    }
    gradient.dispose();
  }
  return share;
}

function inModelOrder(context: StepContext, gradients: ReadonlyMap<string, tf.Tensor>): Map<string, tf.Tensor> {
  return new Map(context.model.parameters.map(({ name }) => [name, gradients.get(name)!]));
}

function traceRound(
  { trace }: StepContext,
  round: number,
  { eta, lossSum, p, gradients }: LossGradients & { readonly eta: tf.Tensor; readonly p: tf.Tensor },
): void {
  if (trace === undefined) return;
  trace("eta", round, eta);
  trace("lossSum", round, lossSum);
  trace("p", round, p);
  for (const [name, gradient] of gradients) trace(`gradient/${name}`, round, gradient);
}

/** YOPO-m-n training. */
export const yopo: MethodDefinition = {
  pattern: "yopo-M-N",
  summary: "M full passes a step, each with N first-layer steps of the adversary",
  options,
  create,
};

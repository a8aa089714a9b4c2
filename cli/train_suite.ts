/** The suite of one run that train's options ask for: what the command line gives, else what the preset says, else what
 *  `plainRecipe` says. @module */

import { UsageError } from "../bench/usage_error.ts";
import type { Preset } from "../bench/presets.ts";
import type { Named, NamedData, OptimizerConfig, Suite } from "../bench/suite.ts";
import type { Setting } from "./kinds.ts";
import { named, namedData } from "./named.ts";
import type { TrainOptions } from "./train_options.ts";

/** What a preset and the command line decide. */
type Recipe = Omit<Preset, "name" | "title" | "source" | "text" | "method">;

/** What holds without a preset. */
export const plainRecipe = {
  data: { name: "mnist-embedded", options: {} },
  augmentation: "none",
  model: { name: "small-cnn", options: {} },
  threat: { norm: "linf", epsilon: 0.3 },
  batch: 128,
  epochs: 1,
  optimizer: { kind: "adam", learningRate: 0.001, weightDecay: 0, schedule: { kind: "constant" } },
} as const satisfies Recipe;

/** Of sgd, where no preset trains with it. */
export const PLAIN_MOMENTUM = 0.9;

/** Training images between two evaluations without a preset. */
export const PLAIN_CADENCE = 7000;

/** Refuses options that do not go together, as far as that shows without the preset. @throws {UsageError} */
export function checkTrainOptions(options: TrainOptions): void {
  if (options.strongCount !== undefined && options.strong === undefined) {
    throw new UsageError("Cannot use --strong-count without --strong ATTACK: there is nothing to count");
  }
  if (options.preset !== undefined) return;
  if (options.method === undefined) {
    throw new UsageError("Cannot run without --method METHOD or --preset PRESET: one of them says how to train");
  }
  chooseOptimizer(plainRecipe.optimizer, options);
}

/** @throws {UsageError} When an option, or a name, is wrong. */
export async function trainSuite(options: TrainOptions): Promise<Suite> {
  const { checkSuite } = await import("../bench/load_suite.ts");
  const { findPreset } = await import("../bench/presets.ts");
  const preset = options.preset === undefined ? null : await findPreset(options.preset, "--preset");
  const label = runLabel(options), recipe = preset ?? plainRecipe;
  const data = chooseData(recipe.data, options), method = chooseMethod(preset?.method ?? null, options);
  const { firstLayerOptimizer } = preset ?? {};
  const [attack, ...alsoAttacks] = options.attack;
  const raw = {
    schema: "yopo-bench/suite@1",
    name: "train",
    title: preset !== null && options.method === undefined ? preset.title : `${method.name} on ${data.name}`,
    data,
    augmentation: options.augmentation ?? recipe.augmentation,
    model: choose(recipe.model, options.model, options.modelOption, "--model-option"),
    threat: { ...recipe.threat, epsilon: options.eps ?? recipe.threat.epsilon },
    evaluation: {
      everyExamples: options.every ?? (preset === null ? PLAIN_CADENCE : await imagesOf(data)),
      count: options.validation,
      attack,
      alsoAttacks,
    },
    final: { count: options.final, attacks: options.finalAttack ?? options.attack },
    ...(options.strong === undefined
      ? {}
      : { strong: { attack: options.strong, count: options.strongCount ?? options.final } }),
    targets: options.targets ?? [],
    seeds: [options.seed],
    runs: [{
      label,
      ...(preset === null ? {} : { preset: preset.name }),
      method,
      batch: options.batch ?? recipe.batch,
      epochs: options.epochs ?? recipe.epochs,
      optimizer: chooseOptimizer(recipe.optimizer, options),
      ...(firstLayerOptimizer ? { firstLayerOptimizer: chooseOptimizer(firstLayerOptimizer, options) } : {}),
    }],
  };
  return checkSuite(raw, "from the options of train");
}

/** A label must be a slug; what is wrong with another name is said where methods are read. */
export function runLabel({ method, preset = "run" }: TrainOptions): string {
  const name = method ?? preset;
  return /^[a-z0-9][a-z0-9.-]{0,63}$/.test(name) ? name : "run";
}

/** @throws {UsageError} */
async function imagesOf(data: NamedData): Promise<number> {
  const { trainImages } = await import("../bench/train_images.ts");
  try {
    return trainImages(data);
  } catch (error) {
    throw UsageError.from(error, "--data and --data-option");
  }
}

/** Another name starts without options; without one the given options join the recipe's. */
function choose(recipe: Named, name: string | undefined, settings: readonly Setting[], origin: string): Named {
  const given = named(name ?? recipe.name, settings, origin);
  return name === undefined ? { ...given, options: { ...recipe.options, ...given.options } } : given;
}

/** As `choose`, with options that may hold lists. */
function chooseData(recipe: NamedData, { data, dataOption }: TrainOptions): NamedData {
  const given = namedData(data ?? recipe.name, dataOption, "--data-option");
  return data === undefined ? { ...given, options: { ...recipe.options, ...given.options } } : given;
}

/** The preset's own ε gives way to --eps. */
function chooseMethod(preset: Named | null, { method, option, stepSize, eps }: TrainOptions): Named {
  const settings = stepSize === undefined ? option : [...option, { name: "stepSize", value: stepSize }];
  if (stepSize !== undefined && option.some(({ name }) => name === "stepSize")) {
    throw new UsageError("Cannot use --step-size with --option stepSize: both set the same number; leave one out");
  }
  const { epsilon, ...others } = preset?.options ?? {};
  const options = epsilon === undefined || eps !== undefined ? others : { ...others, epsilon };
  return choose({ name: preset?.name ?? "", options }, method, settings, "--option");
}

/** Options of the optimizer hold for the first layer's own one as well. @throws {UsageError} */
function chooseOptimizer(recipe: OptimizerConfig, options: TrainOptions): OptimizerConfig {
  const { optimizer: kind = recipe.kind, learningRate = recipe.learningRate, momentum } = options;
  const common = {
    learningRate,
    weightDecay: options.weightDecay ?? recipe.weightDecay,
    schedule: chooseSchedule(recipe.schedule, options),
  };
  if (kind === "adam") {
    if (momentum === undefined) return { kind, ...common };
    throw new UsageError(`Cannot use --momentum with --optimizer ${kind}: it belongs to sgd; leave it out`);
  }
  return { kind, ...common, momentum: momentum ?? (recipe.kind === "sgd" ? recipe.momentum : PLAIN_MOMENTUM) };
}

type Schedule = OptimizerConfig["schedule"];

function chooseSchedule(recipe: Schedule, { schedule: kind = recipe.kind, milestones }: TrainOptions): Schedule {
  if (kind === "piecewise" && milestones !== undefined) return { kind, milestones: [...milestones], factor: 0.1 };
  if (milestones === undefined && kind === recipe.kind) return recipe;
  if (milestones === undefined && kind !== "piecewise") return kind === "cyclic" ? { kind, peakAt: 0.5 } : { kind };
  throw new UsageError(
    `Cannot use --schedule ${kind} ${milestones ? "with" : "without"} --milestones: piecewise needs them, the others ` +
      `have none`,
  );
}

/** The options of train. Most have no default of their own: what is not given is the preset's, and without one that of
 *  `plainRecipe`. @module */

import { checkpointOption } from "./checkpoint_option.ts";
import { engineOptions } from "./engine_options.ts";
import { attack, integer, listOf, number, oneOf, path, setting, text } from "./kinds.ts";
import { fields, flag, optionalValue, value, values } from "./options.ts";
import { PLAIN_CADENCE, PLAIN_MOMENTUM, plainRecipe as plain } from "./train_suite.ts";

const count = integer({ min: 1 });

/** The end of an option's description: what holds where it is not given. */
function or(byDefault: string | number): string {
  return `(default: the preset's, or ${byDefault})`;
}

export const trainParser = fields({
  preset: optionalValue("--preset", text("PRESET"), "Published recipe to start from; list presets names them"),
  method: optionalValue(
    "--method",
    text("METHOD"),
    "Training method, such as yopo-5-3; list methods names them (needed without --preset)",
  ),
  data: optionalValue("--data", text("DATA"), `Data set; list data names them ${or(plain.data.name)}`),
  dataOption: values("--data-option", setting(), "An option of the data set"),
  augmentation: optionalValue(
    "--augmentation",
    oneOf("none", "crop-flip"),
    `Training images padded, cropped at random and flipped half of the time, or not ${or(plain.augmentation)}`,
  ),
  model: optionalValue("--model", text("MODEL"), `Network; list models names them ${or(plain.model.name)}`),
  modelOption: values("--model-option", setting(), "An option of the network"),
  eps: optionalValue(
    "--eps",
    number({ above: 0, max: 1 }),
    `L∞ radius in pixel values of 0..1; 8/255 may be written so ${or(plain.threat.epsilon)}`,
  ),
  stepSize: optionalValue(
    "--step-size",
    number({ above: 0 }),
    "Step size of the method's attack (default: the preset's, or the method's)",
  ),
  option: values("--option", setting(), "Another option of the method"),
  epochs: optionalValue(
    "--epochs",
    number({ above: 0, max: 100000 }),
    `Passes over the training images ${or(plain.epochs)}`,
  ),
  batch: optionalValue(
    "--batch",
    integer({ min: 1, max: 65536 }),
    `Images of one optimizer step ${or(plain.batch)}`,
  ),
  optimizer: optionalValue("--optimizer", oneOf("adam", "sgd"), `Optimizer ${or(plain.optimizer.kind)}`),
  learningRate: optionalValue("--lr", number({ above: 0 }), `Learning rate ${or(plain.optimizer.learningRate)}`),
  momentum: optionalValue("--momentum", number({ min: 0, below: 1 }), `Momentum of sgd ${or(PLAIN_MOMENTUM)}`),
  weightDecay: optionalValue("--weight-decay", number({ min: 0 }), `Weight decay ${or(plain.optimizer.weightDecay)}`),
  schedule: optionalValue(
    "--schedule",
    oneOf("constant", "piecewise", "cyclic"),
    `Course of the learning rate ${or(plain.optimizer.schedule.kind)}`,
  ),
  milestones: optionalValue(
    "--milestones",
    listOf(number({ min: 0 })),
    "Epochs at which piecewise divides the rate by 10",
  ),
  seed: value("--seed", integer({ min: 0, max: 0xffffffff }), "Seed of every draw", 0),
  attack: value(
    "--attack",
    listOf(attack()),
    "Attacks at each evaluation; the first one judges the targets",
    [{ name: "pgd-20", options: {} }],
  ),
  finalAttack: optionalValue(
    "--final-attack",
    listOf(attack()),
    "Attacks on the final weights (default: those of --attack)",
  ),
  strong: optionalValue(
    "--strong",
    attack(),
    "Attack after the run, such as fast or autoattack, on the final weights and those of each target's first crossing",
  ),
  strongCount: optionalValue("--strong-count", count, "Images of --strong (default: those of --final-count)"),
  every: optionalValue(
    "--evaluate-every",
    count,
    `Training images between two evaluations (default: an epoch of the preset, or ${PLAIN_CADENCE})`,
  ),
  validation: value("--evaluate-count", count, "Validation images of an evaluation", 500),
  final: value("--final-count", count, "Held-out or test images of the last evaluation", 1000),
  targets: optionalValue("--targets", listOf(number({ min: 0, max: 1 })), "Robust accuracies whose times are reported"),
  ...engineOptions,
  ...checkpointOption,
  out: optionalValue("--out", path("DIR"), "Results folder (default: results/METHOD-seedSEED or PRESET-seedSEED)"),
  json: flag("--json", "Print result.json instead of the table"),
  quiet: flag("--quiet", "Print errors and the report's path only"),
});

/** The options as they were read. */
export type TrainOptions = NonNullable<(typeof trainParser)["$valueType"][number]>;

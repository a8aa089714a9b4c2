/** train: one run from options, as a suite of one. @module */

import { join, resolve } from "node:path";
import type { Named } from "../../bench/suite.ts";
import { UsageError } from "../../bench/usage_error.ts";
import { defineCommand } from "../command.ts";
import { engineOptions, readEngineRequest } from "../engine_options.ts";
import { integer, listOf, number, oneOf, path, setting, text } from "../kinds.ts";
import { named, namedData } from "../named.ts";
import { fields, flag, optionalValue, requiredValue, value, values } from "../options.ts";
import { hardwareFacts } from "../permissions.ts";
import { shellWords } from "../shell_words.ts";
import { runSession } from "../suite_session.ts";

const count = integer({ min: 1 });

const parser = fields({
  method: requiredValue("--method", text("METHOD"), "Training method, such as yopo-5-3; list methods names them"),
  data: value("--data", text("DATA"), "Data set; list data names them", "mnist-embedded"),
  dataOption: values("--data-option", setting(), "An option of the data set"),
  model: value("--model", text("MODEL"), "Network; list models names them", "small-cnn"),
  modelOption: values("--model-option", setting(), "An option of the network"),
  eps: value("--eps", number({ above: 0, max: 1 }), "L∞ radius in pixel values of 0..1; 8/255 may be written so", 0.3),
  stepSize: optionalValue(
    "--step-size",
    number({ above: 0 }),
    "Step size of the method's attack (default: the method's)",
  ),
  option: values("--option", setting(), "Another option of the method"),
  epochs: value("--epochs", number({ above: 0, max: 100000 }), "Passes over the training images", 1),
  batch: value("--batch", integer({ min: 1, max: 65536 }), "Images of one optimizer step", 128),
  optimizer: value("--optimizer", oneOf("adam", "sgd"), "Optimizer", "adam"),
  learningRate: value("--lr", number({ above: 0 }), "Learning rate", 0.001),
  momentum: optionalValue("--momentum", number({ min: 0, below: 1 }), "Momentum of sgd (default: 0.9)"),
  weightDecay: value("--weight-decay", number({ min: 0 }), "Weight decay", 0),
  schedule: value("--schedule", oneOf("constant", "piecewise", "cyclic"), "Course of the learning rate", "constant"),
  milestones: optionalValue(
    "--milestones",
    listOf(number({ min: 0 })),
    "Epochs at which piecewise divides the rate by 10",
  ),
  seed: value("--seed", integer({ min: 0, max: 0xffffffff }), "Seed of every draw", 0),
  attack: value(
    "--attack",
    listOf(text("ATTACK")),
    "Attacks on the final weights; the first one also judges the course",
    [
      "pgd-20",
    ],
  ),
  every: value("--evaluate-every", count, "Training images between two evaluations", 7000),
  validation: value("--evaluate-count", count, "Validation images of an evaluation", 500),
  final: value("--final-count", count, "Held-out or test images of the last evaluation", 1000),
  targets: optionalValue("--targets", listOf(number({ min: 0, max: 1 })), "Robust accuracies whose times are reported"),
  ...engineOptions,
  out: optionalValue("--out", path("DIR"), "Results folder (default: results/METHOD-seedSEED)"),
  json: flag("--json", "Print result.json instead of the table"),
  quiet: flag("--quiet", "Print errors and the report's path only"),
});

type Options = NonNullable<(typeof parser)["$valueType"][number]>;

export const train = defineCommand<Options>({
  name: "train",
  summary: "Train one network from options",
  description: "Written and reported like a suite of one run; the same options again continue the results folder.",
  examples: [
    { command: "train --method yopo-5-3 --eps 0.2 --epochs 5", says: "YOPO on the embedded MNIST" },
    { command: "train --method pgd-7 --optimizer sgd --lr 0.05 --schedule cyclic", says: "another optimizer" },
    { command: "train --method natural --data mnist --epochs 2 --json", says: "full MNIST, for a program" },
  ],
  parser,
  check({ optimizer, momentum, schedule, milestones }) {
    if (optimizer !== "sgd" && momentum !== undefined) {
      throw new UsageError(`Cannot use --momentum with --optimizer ${optimizer}: it belongs to sgd; leave it out`);
    }
    if ((schedule === "piecewise") !== (milestones !== undefined)) {
      throw new UsageError(
        `Cannot use --schedule ${schedule} ${
          milestones ? "with" : "without"
        } --milestones: piecewise needs them, the ` +
          `others have none`,
      );
    }
  },
  permissions({ out, ...engine }, { project, cache, workingFolder }) {
    const folder = resolve(workingFolder, out ?? "results");
    return { read: [project, cache, folder], write: [folder], sys: hardwareFacts, engine };
  },
  async run(options, io, words) {
    const { checkSuite } = await import("../../bench/load_suite.ts");
    const engine = await readEngineRequest(options);
    const suite = checkSuite(rawSuite(options), "from the options of train");
    const folder = options.out ?? join("results", `${runLabel(options.method)}-seed${options.seed}`);
    const out = resolve(io.place.workingFolder, folder);
    const command = shellWords(["deno", "task", "yopo-bench", "train", ...words]);
    const { json, quiet } = options;
    return await runSession({ suite, out, engine, force: false, command, json, quiet }, io);
  },
});

/** A label must be a slug; what is wrong with another name is said where methods are read. */
function runLabel(method: string): string {
  return /^[a-z0-9][a-z0-9.-]{0,63}$/.test(method) ? method : "run";
}

function rawSuite(options: Options): unknown {
  const attacks = options.attack.map((name) => ({ name }));
  return {
    schema: "yopo-bench/suite@1",
    name: "train",
    title: `${options.method} on ${options.data}`,
    data: namedData(options.data, options.dataOption, "--data-option"),
    model: named(options.model, options.modelOption, "--model-option"),
    threat: { norm: "linf", epsilon: options.eps },
    evaluation: { everyExamples: options.every, count: options.validation, attack: attacks[0] },
    final: { count: options.final, attacks },
    targets: options.targets ?? [],
    seeds: [options.seed],
    runs: [{
      label: runLabel(options.method),
      method: methodOf(options),
      batch: options.batch,
      epochs: options.epochs,
      optimizer: rawOptimizer(options),
    }],
  };
}

function methodOf({ method, option, stepSize }: Options): Named {
  const { name, options } = named(method, option, "--option");
  if (stepSize === undefined) return { name, options };
  if (Object.hasOwn(options, "stepSize")) {
    throw new UsageError("Cannot use --step-size with --option stepSize: both set the same number; leave one out");
  }
  return { name, options: { ...options, stepSize } };
}

function rawOptimizer({ optimizer, learningRate, momentum = 0.9, weightDecay, schedule, milestones }: Options) {
  return {
    kind: optimizer,
    learningRate,
    weightDecay,
    ...(optimizer === "sgd" ? { momentum } : {}),
    schedule: { kind: schedule, ...(milestones ? { milestones } : {}) },
  };
}

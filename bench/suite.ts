/** The suite file: what is trained, how it is judged, with which seeds. A suite is data (suites/NAME.json), checked here
 *  before anything runs. @module */

import { z } from "zod";
import { slurmSchema } from "./slurm/resources.ts";

/** Version of training's meaning; part of every run's id. Raise it when the same configuration trains differently. */
export const ALGORITHM_VERSION = 1;

const slug = z.string().regex(/^[a-z0-9][a-z0-9.-]{0,63}$/, "must be lower-case letters, digits, dots and dashes");
const fraction = z.number().min(0).max(1);
const positive = z.number().positive();
const count = z.int().min(1);
const seed = z.int().min(0).max(0xffffffff);
const option = z.union([z.number(), z.boolean(), z.string()]);

const scheduleSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("constant") }),
  z.strictObject({
    kind: z.literal("piecewise"),
    milestones: z.array(z.number().min(0)).describe("epochs, counted from 0, at which the rate is multiplied"),
    factor: positive.default(0.1),
  }),
  z.strictObject({
    kind: z.literal("cyclic"),
    peakAt: fraction.default(0.5).describe("part of the run after which the linear rise turns into the linear fall"),
  }),
]);

export const optimizerSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("sgd"),
    learningRate: positive,
    momentum: z.number().min(0).lt(1).default(0),
    weightDecay: z.number().min(0).default(0),
    schedule: scheduleSchema.default({ kind: "constant" }),
  }),
  z.strictObject({
    kind: z.literal("adam"),
    learningRate: positive,
    weightDecay: z.number().min(0).default(0),
    schedule: scheduleSchema.default({ kind: "constant" }),
  }),
]);

/** Registry name and options of that entry; the room's registry checks the options. */
const named = z.strictObject({
  name: z.string().min(1).max(64),
  options: z.record(z.string(), option).default({}),
});

/** A data set's options may hold lists too, such as a shape. */
const namedData = named.extend({ options: z.record(z.string(), z.union([option, z.array(z.number())])).default({}) });

const threatSchema = z.strictObject({ norm: z.enum(["linf", "l2"]), epsilon: positive });

const recipe = {
  method: named.describe("training method, such as yopo-5-10, with its options"),
  batch: count.max(65536),
  epochs: positive.max(100000).describe("passes over the training images; a fraction is allowed"),
  optimizer: optimizerSchema,
  firstLayerOptimizer: optimizerSchema.optional().describe("own optimizer of the first layer's parameters"),
};

const augmentation = z.enum(["none", "crop-flip"])
  .describe("crop-flip: each image padded by 4 zero pixels, cropped at random, flipped half of the time");

const scaledSchema = z.strictObject({
  epochs: positive.describe("factor that multiplied epochs and milestones"),
  data: fraction.describe("part of the training images that is used"),
});

export const suiteSchema = z.strictObject({
  schema: z.literal("yopo-bench/suite@1"),
  name: slug,
  title: z.string().min(1).max(200),
  description: z.string().max(4000).default(""),
  data: namedData,
  augmentation: augmentation.default("none"),
  model: named,
  threat: threatSchema,
  paper: slug.optional().describe("name in suites/paper.json of the published figures that this suite repeats"),
  scaled: scaledSchema.optional().describe("set by --scale and --data-scale"),
  alarm: z.strictObject({
    count: z.int().min(512).default(512).describe("validation images that are attacked after each epoch"),
  }).nullable().default({ count: 512 })
    .describe("watches adversarial runs for catastrophic overfitting: Wong et al. 2020; null: not watched"),
  evaluation: z.strictObject({
    everyExamples: count.describe("training examples between two evaluations, the same for all runs"),
    count: z.int().min(0)
      .describe("validation images that are judged, the same for all runs; 0: a run is judged at its end alone"),
    batch: count.max(65536).default(100),
    seed: seed.default(0).describe("seed of the attack's draws, the same for all runs"),
    attack: named.describe("judges the targets"),
    alsoAttacks: z.array(named).default([]).describe("more attacks at each evaluation, for their curves"),
  }),
  final: z.strictObject({
    split: z.enum(["final", "validation"]).default("final")
      .describe("validation for suites that choose something, so that they never touch the final images"),
    count: count.describe("images of that split that are judged"),
    weights: z.array(z.enum(["last", "best"])).min(1).default(["last", "best"]),
    attacks: z.array(named).min(1),
  }),
  strong: z.strictObject({ attack: named.default({ name: "fast", options: {} }), count }).nullable().default(null)
    .describe(
      "attacks the weights of each target's first crossing and those of final.weights, after the run; null: none",
    ),
  targets: z.array(fraction).describe("robust accuracies whose times are reported").default([]),
  seeds: z.array(seed).min(1),
  slurm: slurmSchema.optional().describe("what each run asks of a cluster; --slurm options win over it"),
  runs: z.array(z.strictObject({
    label: slug,
    note: z.string().max(1000).optional(),
    preset: slug.optional().describe("name in suites/presets.json of the recipe that filled in what the run left out"),
    ...recipe,
  })).min(1),
}).superRefine((suite, context) => {
  const seen = new Set<string>();
  suite.runs.forEach((run, index) => {
    if (seen.has(run.label)) {
      context.addIssue({ code: "custom", path: ["runs", index, "label"], message: `"${run.label}" is used twice` });
    }
    seen.add(run.label);
  });
  if (suite.evaluation.count === 0 && (suite.targets.length > 0 || suite.final.weights.join() !== "last")) {
    const message = "0 validation images can judge no target and choose no weights: " +
      'set targets to [] and final.weights to ["last"]';
    context.addIssue({ code: "custom", path: ["evaluation", "count"], message });
  }
  if (suite.strong !== null && suite.strong.count > suite.final.count) {
    const message = `${suite.strong.count} images are more than the ${suite.final.count} of final.count`;
    context.addIssue({ code: "custom", path: ["strong", "count"], message });
  }
  if (new Set(suite.seeds).size !== suite.seeds.length) {
    context.addIssue({ code: "custom", path: ["seeds"], message: "a seed is named twice" });
  }
});

/** A checked suite with every default filled in. */
export type Suite = z.infer<typeof suiteSchema>;
export type SuiteRun = Suite["runs"][number];
export type OptimizerConfig = z.infer<typeof optimizerSchema>;
export type Named = z.infer<typeof named>;
export type NamedData = z.infer<typeof namedData>;

/** Everything that decides what a run computes, with every option resolved; its hash is the run's id. */
export const runConfigSchema = z.strictObject({
  algorithmVersion: z.int(),
  data: namedData.required(),
  augmentation,
  model: named.required(),
  threat: threatSchema,
  method: named.required(),
  batch: recipe.batch,
  epochs: recipe.epochs,
  optimizer: optimizerSchema,
  firstLayerOptimizer: optimizerSchema.nullable(),
  dtype: z.literal("float32"),
  seed,
});

export type RunConfig = z.infer<typeof runConfigSchema>;

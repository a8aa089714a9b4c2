/** The result record: what result.json holds. The report room reads nothing else, and the published JSON Schema
 *  (docs/schema/result.schema.json) is made from this file. Seconds, fractions 0..1, pixel values 0..1. @module */

import { z } from "zod";
import { paperSchema } from "./paper.ts";
import { runConfigSchema, suiteSchema } from "./suite.ts";

const seconds = z.number().min(0);
const fraction = z.number().min(0).max(1);
const count = z.int().min(0);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const values = z.record(z.string(), z.union([z.number(), z.boolean(), z.string(), z.array(z.number())]));

export const machineSchema = z.strictObject({
  id: z.string().describe("hash of the stable fields below"),
  cpu: z.string().nullable(),
  cores: z.int().nullable(),
  memoryBytes: z.number().nullable(),
  gpu: z.string().nullable(),
  os: z.string(),
  osRelease: z.string().nullable(),
  arch: z.string(),
  deno: z.string(),
  v8: z.string(),
  tfjs: z.string(),
  calibration: z.strictObject({
    gemmGflops: z.number().describe("float32 matrix product on the run's engine, median"),
    repetitions: count,
  })
    .nullable(),
});

export const passesSchema = z.strictObject({
  full: z.number().describe(
    "forward and backward passes of the whole network, per optimizer step or summed over steps",
  ),
  forward: z.number(),
  firstLayerAdversary: z.number(),
  firstLayerWeights: z.number(),
});

const accuracy = { accuracy: fraction, correct: count, count: count };

/** Outcomes image by image, so that attacks can be compared on the same images (statistics/outcome_bits.ts). */
const correctBits = z.string().regex(/^([0-9a-f]{2})*$/).optional().describe(
  "image i is classified correctly where bit i % 8 (lowest first) of byte i / 8 is 1; bytes in hexadecimal",
);

const cleanSchema = z.strictObject({ ...accuracy, correctBits });

/** One attack of an ensemble, on the images that those before it left. */
export const stageSchema = z.strictObject({
  name: z.string().describe("registry name of the attack"),
  label: z.string(),
  attacked: count.describe("images that were still classified correctly before it"),
  correct: count.describe("images that are still classified correctly after it"),
  seconds,
});

export const robustSchema = z.strictObject({
  attack: z.string().describe("key in attacks"),
  ...accuracy,
  correctBits,
  stages: z.array(stageSchema).optional().describe("of an ensemble such as AutoAttack, in the order of execution"),
  seconds,
  maxPerturbation: z.number().describe("largest norm of x' - x over the images, recomputed"),
});

export const pointSchema = z.strictObject({
  epoch: z.number().describe("steps over steps per epoch"),
  step: count,
  examples: count,
  trainSeconds: seconds,
  wallSeconds: seconds,
  passes: passesSchema.describe("batch passes since the start, summed over steps"),
  loss: z.number().nullable().describe(
    "mean of the method's own training loss since the previous point, nats; not comparable between methods",
  ),
  split: z.string(),
  clean: z.strictObject(accuracy),
  robust: z.array(robustSchema),
});

export const alarmPointSchema = z.strictObject({
  epoch: z.number(),
  step: count,
  attack: z.string().describe("PGD-10 as it ran"),
  pgd: z.strictObject(accuracy),
  fgsm: z.strictObject(accuracy),
});

export const finalRowSchema = z.strictObject({
  step: count,
  split: z.string(),
  weightsSha256: sha256,
  clean: cleanSchema,
  robust: z.array(robustSchema),
});

export const warningSchema = z.strictObject({ code: z.string(), message: z.string(), advice: z.string() });

export const runSchema = z.strictObject({
  id: z.string(),
  engineKey: z.string(),
  evaluationId: z.string(),
  label: z.string(),
  methodLabel: z.string(),
  note: z.string().nullable(),
  preset: z.string().nullable().optional().describe("recipe in suites/presets.json that the run is made from"),
  seed: count,
  config: runConfigSchema,
  engine: z.strictObject({
    name: z.string(),
    version: z.string(),
    kernels: z.string(),
    workers: count,
    shards: count,
    precision: z.string(),
    settings: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional()
      .describe("threads, allocator and the like: what decides speed, not results"),
    reason: z.string().optional().describe("why this engine was chosen"),
  }).nullable(),
  attempts: z.array(z.strictObject({
    attempt: count,
    machine: z.string(),
    fromStep: count,
    startedAt: z.string(),
    lostSeconds: z.number().min(0).nullable().default(null)
      .describe("training that the attempt before had done after the checkpoint that this one went on from"),
    downSeconds: z.number().min(0).nullable().default(null)
      .describe("from the last sign of the attempt before to the beginning of this one"),
    loadAverageAtStart: z.number().nullable().describe(
      "one-minute load of the machine, the program's own share included",
    ),
    loadAverageAtEnd: z.number().nullable(),
  })),
  status: z.enum(["planned", "running", "completed", "diverged", "failed", "interrupted"]),
  message: z.string().nullable(),
  warnings: z.array(warningSchema),
  peakMemoryBytes: z.number().nullable().describe(
    "largest resident memory of the process, sampled after steps and evaluations",
  ),
  parameters: z.int().nullable(),
  counts: z.strictObject({ train: count, validation: count, final: count }).nullable(),
  totalSteps: z.int().nullable(),
  points: z.array(pointSchema),
  alarm: z.array(alarmPointSchema).optional()
    .describe("accuracies after each epoch on the images watched for catastrophic overfitting"),
  final: z.strictObject({
    last: finalRowSchema.nullable(),
    bestValidation: finalRowSchema.nullable(),
    crossings: z.array(z.strictObject({
      target: fraction,
      step: count,
      weightsSha256: sha256,
      judged: finalRowSchema.nullable().optional().describe("under the strong attack; null: not judged"),
    })).describe("weights kept at the first crossing of each target"),
  }),
  cost: z.strictObject({
    secondsPerStep: z.strictObject({ median: seconds, min: seconds, max: seconds }).nullable()
      .describe("over full batches; a last partial batch is left out"),
    stepsPerEpoch: z.int(),
    fullPassesPerStep: z.number(),
    forwardPassesPerStep: z.number(),
    firstLayerPassesPerStep: z.number(),
    innerLoopInClosedForm: z.boolean().optional().describe(
      "whether the adversary's first-layer passes stand for a closed form that replaced them",
    ),
    trainSeconds: seconds,
    wallSeconds: seconds,
    evaluationSeconds: seconds,
    warmUpSeconds: seconds,
    checkpointSeconds: seconds,
    loadSeconds: seconds.describe("part of trainSeconds that loaded the data"),
    dataWaitSeconds: seconds.optional().describe("part of trainSeconds that waited for prefetched batches"),
  }).nullable(),
  timeTo: z.array(z.strictObject({
    target: fraction,
    attack: z.string(),
    trainSeconds: seconds.nullable(),
    lowerBoundSeconds: seconds.nullable().describe(
      "trainSeconds of the evaluation before the first that met the target",
    ),
    epoch: z.number().nullable(),
    fullPasses: z.number().nullable(),
  })),
  weightsSha256: sha256.nullable(),
  dataSha256: sha256.nullable(),
});

export const resultSchema = z.strictObject({
  schema: z.literal("yopo-bench/result@1"),
  contentSha256: sha256.optional().describe("of all else, as JSON without spaces; the last key of the file"),
  suite: z.strictObject({
    name: z.string(),
    title: z.string(),
    description: z.string(),
    sha256,
    command: z.string().describe("the command line that runs this suite again"),
    seeds: z.array(count),
    targets: z.array(fraction),
    scaled: suiteSchema.shape.scaled.unwrap().nullable().optional()
      .describe("factors on the schedule's epochs and on the training images; null: full scale"),
    paper: paperSchema.nullable().optional().describe("published figures that the suite repeats"),
    threat: z.strictObject({ norm: z.enum(["linf", "l2"]), epsilon: z.number() }),
    evaluation: z.strictObject({ everyExamples: count, count, split: z.string(), attack: z.string() }),
    final: z.strictObject({ count, split: z.string(), attacks: z.array(z.string()) }),
    strong: z.strictObject({ attack: z.string(), count }).nullable().optional().describe(
      "attack after the run on the weights at each target's first crossing and at the best validation",
    ),
  }),
  created: z.string().describe("start of the first attempt, ISO 8601, UTC"),
  tool: z.strictObject({
    name: z.literal("yopo-bench"),
    version: z.string(),
    commit: z.string().nullable(),
    deno: z.string(),
    tfjs: z.string(),
  }),
  machines: z.array(machineSchema),
  attacks: z.record(z.string(), z.strictObject({ name: z.string(), label: z.string(), resolved: values })),
  runs: z.array(runSchema),
});

export type Machine = z.infer<typeof machineSchema>;
export type Passes = z.infer<typeof passesSchema>;
export type RobustRow = z.infer<typeof robustSchema>;
export type Point = z.infer<typeof pointSchema>;
export type FinalRow = z.infer<typeof finalRowSchema>;
export type AlarmPoint = z.infer<typeof alarmPointSchema>;
export type Warning = z.infer<typeof warningSchema>;
export type RunRecord = z.infer<typeof runSchema>;
export type Result = z.infer<typeof resultSchema>;

/** Whether nothing is left to do on a run. */
export function isDone({ status }: Pick<RunRecord, "status">): boolean {
  return status === "completed" || status === "diverged";
}

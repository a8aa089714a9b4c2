/** An invented but plausible result for the tests of this room: curves follow a formula, so that nothing is random and
 *  every number can be worked out. No training ever gave these numbers. @module */

import type { FinalRow, Point, Result, RobustRow, RunRecord } from "../bench/result.ts";
import { accuracy, withStrong } from "./_sample_strong.ts";

interface SampleMethod {
  readonly name: string;
  readonly label: string;
  readonly secondsPerStep: number;
  readonly full: number;
  readonly firstLayer: number;
  readonly epochs: number;
  /** Robust accuracy that the curve tends to, and full passes after which it is at 63 % of it. */
  readonly top: number;
  readonly rise: number;
  readonly clean: number;
}

const THREAT = "L∞ ε=0.2";
const METHODS: readonly SampleMethod[] = [
  {
    name: "natural",
    label: "Natural",
    secondsPerStep: 0.04,
    full: 1,
    firstLayer: 0,
    epochs: 24,
    top: 0.03,
    rise: 200,
    clean: 0.985,
  },
  {
    name: "fgsm",
    label: `FGSM, ${THREAT}, α=0.2`,
    secondsPerStep: 0.083,
    full: 2,
    firstLayer: 0,
    epochs: 12,
    top: 0.31,
    rise: 150,
    clean: 0.981,
  },
  {
    name: "fgsm-rs",
    label: `FGSM-RS, ${THREAT}, α=0.25`,
    secondsPerStep: 0.085,
    full: 2,
    firstLayer: 0,
    epochs: 20,
    top: 0.79,
    rise: 380,
    clean: 0.975,
  },
  {
    name: "pgd-3",
    label: `PGD-3, ${THREAT}, α=0.1, adversarial loss only`,
    secondsPerStep: 0.164,
    full: 4,
    firstLayer: 0,
    epochs: 10,
    top: 0.82,
    rise: 560,
    clean: 0.968,
  },
  {
    name: "pgd-7",
    label: `PGD-7, ${THREAT}, α=0.05, adversarial loss only`,
    secondsPerStep: 0.331,
    full: 8,
    firstLayer: 0,
    epochs: 6,
    top: 0.85,
    rise: 900,
    clean: 0.964,
  },
  {
    name: "yopo-5-3",
    label: `YOPO-5-3, ${THREAT}, α=0.05, first layer as in the paper`,
    secondsPerStep: 0.232,
    full: 5,
    firstLayer: 20,
    epochs: 9,
    top: 0.84,
    rise: 520,
    clean: 0.966,
  },
];
const STEPS_PER_EPOCH = 55;
const JUDGED = { validation: 500, final: 2000 };
const ATTACKS = { curve: "pgd-20-a1b2c3d4", weak: "fgsm-c9d0e1f2", strong: "pgd-50-e5f6a7b8" };

interface SampleOptions {
  /** @default {[0]} */
  readonly seeds?: readonly number[];
  /** Adds a run that failed before its first evaluation and one that diverged. @default {false} */
  readonly trouble?: boolean;
  /** @default {[0.6, 0.75, 0.9]} */
  readonly targets?: readonly number[];
  /** Adds the strong attack on the weights kept at each target and at the end, outcomes image by image included.
   *  @default {false} */
  readonly strong?: boolean;
}

/** Six methods with the seeds asked for; the last target is out of reach. */
export function sampleResult(options: SampleOptions = {}): Result {
  const { seeds = [0], trouble = false, targets = [0.6, 0.75, 0.9], strong = false } = options;
  const runs = METHODS.flatMap((method) => seeds.map((seed) => sampleRun(method, seed, targets)));
  if (trouble) runs.push(...brokenRuns(targets));
  const result = plainResult({ seeds, targets, runs });
  return strong ? withStrong(result) : result;
}

function plainResult(
  { seeds, targets, runs }: Required<Pick<SampleOptions, "seeds" | "targets">> & Pick<Result, "runs">,
): Result {
  return {
    schema: "yopo-bench/result@1",
    suite: {
      name: "quick",
      title: "Embedded MNIST, small CNN, ε 0.2",
      description: "Every method had the same number of tuning trials on the validation images.",
      sha256: "5".repeat(64),
      command: `deno task bench quick --seeds ${seeds.join(",")}`,
      seeds: [...seeds],
      targets: [...targets],
      threat: { norm: "linf", epsilon: 0.2 },
      evaluation: { everyExamples: 3500, count: JUDGED.validation, split: "validation", attack: ATTACKS.curve },
      final: { count: JUDGED.final, split: "held-out", attacks: [ATTACKS.weak, ATTACKS.strong] },
    },
    created: "2026-01-02T03:04:05.000Z",
    tool: { name: "yopo-bench", version: "0.1.0", commit: null, deno: "2.9.6", tfjs: "4.22.0" },
    machines: [{
      id: "machine-1",
      cpu: "Example CPU @ 2.80GHz",
      cores: 2,
      memoryBytes: 8 * 2 ** 30,
      gpu: null,
      os: "linux",
      osRelease: "6.1.0",
      arch: "x86_64",
      deno: "2.9.6",
      v8: "15.0",
      tfjs: "4.22.0",
      calibration: { gemmGflops: 21.4, repetitions: 5 },
    }],
    attacks: {
      [ATTACKS.curve]: {
        name: "pgd-20",
        label: `PGD-20, ${THREAT}, α=0.025, 1 restart, random start`,
        resolved: { steps: 20, stepSize: 0.025, restarts: 1, randomStart: true },
      },
      [ATTACKS.weak]: {
        name: "fgsm",
        label: `FGSM, ${THREAT}, α=0.2`,
        resolved: { stepSize: 0.2 },
      },
      [ATTACKS.strong]: {
        name: "pgd-50",
        label: `PGD-50, ${THREAT}, α=0.01, 3 restarts, random start`,
        resolved: { steps: 50, stepSize: 0.01, restarts: 3, randomStart: true },
      },
    },
    runs,
  };
}

function sampleRun(method: SampleMethod, seed: number, targets: readonly number[]): RunRecord {
  const points = samplePoints(method, seed);
  const end = points.at(-1)?.robust[0]?.accuracy ?? 0;
  const weightsSha256 = String(seed % 10).repeat(64);
  const final = (step: number, drop: number): FinalRow => ({
    step,
    split: "held-out",
    weightsSha256: drop === 0 ? weightsSha256 : "b".repeat(64),
    clean: accuracy(method.clean - drop, JUDGED.final),
    robust: [
      robust(ATTACKS.weak, end + 0.05 - drop, JUDGED.final),
      robust(ATTACKS.strong, end - 0.02 - drop, JUDGED.final),
    ],
  });
  const totalSteps = method.epochs * STEPS_PER_EPOCH;
  const trainSeconds = points.at(-1)?.trainSeconds ?? 0;
  const perStep = method.secondsPerStep * speed(seed);
  return {
    id: `${method.name}-${seed}-00000000`,
    engineKey: "e".repeat(8),
    evaluationId: "f".repeat(8),
    label: method.name,
    methodLabel: method.label,
    note: null,
    seed,
    config: {
      algorithmVersion: 1,
      data: { name: "mnist-embedded", options: {} },
      augmentation: "none",
      model: { name: "small-cnn", options: {} },
      threat: { norm: "linf", epsilon: 0.2 },
      method: { name: method.name, options: method.name === "natural" ? {} : { stepSize: 0.05 } },
      batch: 128,
      epochs: method.epochs,
      optimizer: {
        kind: "sgd",
        learningRate: 0.1,
        momentum: 0.9,
        weightDecay: 0.0005,
        schedule: { kind: "piecewise", milestones: [method.epochs - 2], factor: 0.1 },
      },
      firstLayerOptimizer: null,
      dtype: "float32",
      seed,
    },
    engine: { name: "wasm", version: "4.22.0", kernels: "composed", workers: 1, shards: 8, precision: "f32" },
    attempts: [{
      attempt: 1,
      machine: "machine-1",
      fromStep: 0,
      startedAt: "2026-01-02T03:04:05.000Z",
      lostSeconds: null,
      downSeconds: null,
      loadAverageAtStart: 0.13 + method.full / 10,
      loadAverageAtEnd: 1.9,
    }],
    status: "completed",
    message: null,
    warnings: [],
    peakMemoryBytes: 3e8,
    parameters: 312202,
    counts: { train: 7000, validation: 1000, final: 2000 },
    totalSteps,
    points,
    final: { last: final(totalSteps, 0), bestValidation: final(totalSteps - STEPS_PER_EPOCH, 0.001), crossings: [] },
    cost: {
      secondsPerStep: { median: perStep, min: perStep * 0.95, max: perStep * 1.4 },
      stepsPerEpoch: STEPS_PER_EPOCH,
      fullPassesPerStep: method.full,
      forwardPassesPerStep: 0,
      firstLayerPassesPerStep: method.firstLayer,
      trainSeconds,
      wallSeconds: trainSeconds + 30,
      evaluationSeconds: 25,
      warmUpSeconds: 1.5,
      checkpointSeconds: 0.4,
      loadSeconds: 0.05,
    },
    timeTo: targets.map((target) => crossing(points, target)),
    weightsSha256,
    dataSha256: "d".repeat(64),
  };
}

function samplePoints(method: SampleMethod, seed: number): Point[] {
  return Array.from({ length: method.epochs * 2 }, (_, at) => {
    const index = at + 1;
    const step = Math.round(index * STEPS_PER_EPOCH / 2);
    const full = step * method.full;
    const wobble = 0.012 * Math.sin(1.7 * index + 2.3 * seed);
    const robustAccuracy = method.top * (1 - Math.exp(-full / (method.rise * (1 + 0.04 * seed)))) + wobble;
    const trainSeconds = step * method.secondsPerStep * speed(seed);
    return {
      epoch: step / STEPS_PER_EPOCH,
      step,
      examples: index * 3500,
      trainSeconds,
      wallSeconds: trainSeconds + index,
      passes: {
        full,
        forward: 0,
        firstLayerAdversary: step * method.firstLayer * 0.75,
        firstLayerWeights: step * method.firstLayer * 0.25,
      },
      loss: 2.3 * Math.exp(-index / 6) + 0.2,
      split: "validation",
      clean: accuracy(method.clean * (1 - Math.exp(-index - 0.8)) + wobble / 4, JUDGED.validation),
      robust: [robust(ATTACKS.curve, robustAccuracy, JUDGED.validation)],
    };
  });
}

function speed(seed: number): number {
  return 1 + 0.03 * Math.sin(seed);
}

function robust(attack: string, value: number, count: number): RobustRow {
  return { attack, ...accuracy(value, count), seconds: 4.5, maxPerturbation: 0.2 };
}

/** The first of two evaluations in a row at or above the target. */
function crossing(points: readonly Point[], target: number): RunRecord["timeTo"][number] {
  const at = (index: number) => points[index]?.robust[0]?.accuracy ?? 0;
  const index = points.findIndex((_, i) => at(i) >= target && at(i + 1) >= target);
  const point = points[index];
  return {
    target,
    attack: ATTACKS.curve,
    trainSeconds: point?.trainSeconds ?? null,
    lowerBoundSeconds: point ? points[index - 1]?.trainSeconds ?? 0 : null,
    epoch: point?.epoch ?? null,
    fullPasses: point?.passes.full ?? null,
  };
}

function brokenRuns(targets: readonly number[]): RunRecord[] {
  const [natural, , , , pgd, yopo] = METHODS;
  if (!natural || !pgd || !yopo) return [];
  const failed = sampleRun({ ...pgd, name: "pgd-40", label: `PGD-40, ${THREAT}, α=0.01` }, 0, targets);
  const diverged = sampleRun(
    { ...yopo, name: "yopo-3-5", full: 3, firstLayer: 18, label: `YOPO-3-5, ${THREAT}, α=0.1` },
    0,
    targets,
  );
  const points = diverged.points.slice(0, 3);
  const nothing = { last: null, bestValidation: null, crossings: [] };
  return [
    {
      ...failed,
      status: "failed",
      message: "Cannot allocate 2.1 GB for the batch: the engine's memory is full; use a smaller batch",
      points: [],
      final: nothing,
      cost: null,
      timeTo: [],
      weightsSha256: null,
      dataSha256: null,
      counts: null,
      engine: null,
    },
    {
      ...diverged,
      status: "diverged",
      message: "The loss is not a number since step 96",
      points,
      final: nothing,
      cost: diverged.cost && { ...diverged.cost, trainSeconds: points.at(-1)?.trainSeconds ?? 0 },
      timeTo: targets.map((target) => crossing(points, target)),
      weightsSha256: null,
      warnings: [{
        code: "gradient-overflow",
        message: "The gradient had values that are not finite",
        advice: "use a smaller learning rate",
      }],
    },
  ];
}

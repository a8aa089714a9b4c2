/** How long a suite will take here, before it starts: one step of natural training is measured, and every run's work is
 *  multiplied out of counted flops. Within a factor of two or so: methods reach different rates, small batches lower ones.
 *
 *  With F the forward flops of an image: clean judging takes F, an attack 2·F a pass and F more to verify. Natural training
 *  takes 3F − F0 and pgd-1 2·F more, which is how F is counted. @module */

import { attacksByKey, attacksOnCadence } from "./run_config.ts";
import { canonicalJson } from "./canonical.ts";
import type { EngineRequest } from "./engine_request.ts";
import { measureCost } from "./on_team.ts";
import type { CostOptions } from "./measure_cost.ts";
import type { EngineRecord } from "./run_job.ts";
import type { PlannedRun } from "./run_config.ts";
import type { Named, RunConfig, Suite } from "./suite.ts";
import { trainImages } from "./train_images.ts";

/** What this machine does, and what an image asks of it. */
export interface WorkRate {
  readonly gflopPerSecond: number;
  /** F, in 10⁹ flops. */
  readonly forwardGflop: number;
  /** 10⁹ flops of training on one image once, by `canonicalJson` of the method. */
  readonly gflopPerImage: ReadonlyMap<string, number>;
}

/** Seconds that a run will take. */
export interface RunSeconds {
  readonly label: string;
  readonly training: number;
  /** On the cadence, at the end, and for the alarm. */
  readonly evaluation: number;
}

/** A suite's estimate. */
export interface SuiteEstimate {
  readonly engine: EngineRecord;
  /** Whether other work ran on the machine, which makes the estimate too long. */
  readonly isBusy: boolean;
  /** One for each run and seed that is left, in the order of execution. */
  readonly runs: readonly RunSeconds[];
}

/**
 * Measures, which takes seconds, and multiplies out.
 *
 * @param runs What is left to do.
 * @throws {UsageError} When the engine cannot run here, or a name or an option is wrong.
 */
export async function estimateHours(
  request: EngineRequest,
  suite: Suite,
  runs: readonly PlannedRun[],
): Promise<SuiteEstimate> {
  const { rate, ...measured } = await measureRate(request, suite, runs);
  return { ...measured, runs: runs.map(({ label, config }) => ({ label, ...estimateRun(suite, config, rate) })) };
}

/** Images of the measured step: enough for two workers and a large network; a fast machine gets more. */
const FEW_IMAGES = 4;

/** A step shorter than this says little about longer ones. */
const SHORT_SECONDS = 0.5;

async function measureRate(
  request: EngineRequest,
  { model, threat: { epsilon } }: Suite,
  runs: readonly PlannedRun[],
): Promise<Omit<SuiteEstimate, "runs"> & { readonly rate: WorkRate }> {
  const methods = new Map(runs.map(({ config: { method } }): [string, Named] => [canonicalJson(method), method]));
  const step = { model, threat: { norm: "linf", epsilon }, method: { name: "natural", options: {} } } as const;
  const alsoCount = [step.method, { name: "pgd-1", options: {} }, ...methods.values()];
  const few = await measureCost(request, { ...step, batch: FEW_IMAGES, steps: 1, alsoCount });
  const [natural, pgd1, ...counted] = few.alsoCounted as [number, number, ...number[]];
  const rate = {
    gflopPerSecond: await fasterOf(request, { ...step, batch: smallestBatch(runs), steps: 2 }, few),
    forwardGflop: (pgd1 - natural) / 2,
    gflopPerImage: new Map([...methods.keys()].map((key, i) => [key, counted[i]!])),
  };
  const { engine, loadAverage, machine: { cores } } = few;
  return { engine, isBusy: (loadAverage ?? 0) > (cores ?? Infinity), rate };
}

function smallestBatch(runs: readonly PlannedRun[]): number {
  return Math.min(...runs.map(({ config: { batch } }) => batch));
}

type Measured = Awaited<ReturnType<typeof measureCost>>;

/** The rate that was measured, or where that step was short the one of a step that takes about a second, at most of
 *  `longer.batch` images. */
async function fasterOf(request: EngineRequest, longer: CostOptions, few: Measured): Promise<number> {
  const { median } = few.secondsPerStep;
  if (median >= SHORT_SECONDS || longer.batch <= few.batch) return few.gflopPerSecond;
  const batch = Math.min(longer.batch, Math.max(few.batch, Math.floor(few.batch / median)));
  return (await measureCost(request, { ...longer, batch })).gflopPerSecond;
}

/** What one run of the suite takes at that rate. */
export function estimateRun(suite: Suite, config: RunConfig, rate: WorkRate): Omit<RunSeconds, "label"> {
  const examples = config.epochs * trainImages(config.data);
  const perImage = rate.gflopPerImage.get(canonicalJson(config.method))!;
  const judged = rate.forwardGflop * (courseForwards(suite, examples) + alarmForwards(suite, config));
  return { training: examples * perImage / rate.gflopPerSecond, evaluation: judged / rate.gflopPerSecond };
}

/** Forward passes of single images that judge a run on the cadence, at its end, and finally. */
function courseForwards({ threat, evaluation, final, strong, targets }: Suite, examples: number): number {
  const points = Math.ceil(examples / evaluation.everyExamples);
  // At most: a strong attack leaves images that it has fooled.
  const strongly = strong === null ? 0 : strong.count * forwardsOf(threat, [strong.attack]);
  return points * evaluation.count * forwardsOf(threat, attacksOnCadence(evaluation)) +
    final.weights.length * (final.count * forwardsOf(threat, final.attacks) + strongly) + targets.length * strongly;
}

/** Those of the watch for catastrophic overfitting, once a whole epoch. */
function alarmForwards({ threat, alarm }: Suite, { method, epochs }: RunConfig): number {
  if (alarm === null || !("epsilon" in method.options)) return 0;
  const attacks = ["pgd-10", "fgsm"].map((name) => ({ name, options: {} }));
  return Math.floor(epochs) * alarm.count * forwardsOf(threat, attacks);
}

/** Of one image, clean and under each attack. */
function forwardsOf(threat: Suite["threat"], attacks: readonly Named[]): number {
  return [...attacksByKey(threat, attacks).values()].reduce(
    (sum, { passes, forwards }) => sum + 2 * passes + forwards + 1,
    1,
  );
}

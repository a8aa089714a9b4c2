/** From a suite to its runs: resolved configurations, ids and keys. @module */

import type { Attack } from "../attacks/attack.ts";
import { findAttack } from "../attacks/registry.ts";
import type { Engine } from "../backends/engine.ts";
import { findDataset } from "../data/registry.ts";
import { findModel } from "../models/registry.ts";
import type { TrainingMethod } from "../training/method.ts";
import { findMethod, findMethodDefinition } from "../training/registry.ts";
import { checkSchedule } from "../training/schedules.ts";
import { canonicalHash } from "./canonical.ts";
import { ALGORITHM_VERSION, type Named, type NamedData, type RunConfig, type Suite, type SuiteRun } from "./suite.ts";
import type { Result } from "./result.ts";
import type { EngineRecord } from "./run_job.ts";
import { asUsage } from "./usage_error.ts";

/** One run of a suite, ready to be started. */
export interface PlannedRun {
  readonly label: string;
  readonly note: string | null;
  readonly preset: string | null;
  readonly methodLabel: string;
  readonly seed: number;
  readonly config: RunConfig;
  /** Hash of the configuration, 64 hexadecimal digits; names use the first 8. */
  readonly id: string;
}

/**
 * The method of a run, bound to the suite's threat model.
 *
 * @throws {RangeError} When its name or an option is wrong, or it cannot train against the suite's norm.
 */
export function methodOf(threat: Suite["threat"], method: Named): TrainingMethod {
  const { definition } = findMethodDefinition(method.name);
  if (!("epsilon" in definition.options)) return findMethod(method.name, method.options);
  if (threat.norm !== "linf") {
    throw new RangeError(`Cannot train ${method.name} against ${threat.norm}: methods know linf only`);
  }
  return findMethod(method.name, { epsilon: threat.epsilon, ...method.options });
}

/** The attacks by their keys: name and a hash of every resolved option, so that a key means one thing everywhere. */
export function attacksByKey(threat: Suite["threat"], attacks: readonly Named[]): Map<string, Attack> {
  return new Map(attacks.map(({ name, options }) => {
    const attack = findAttack(name, threat, options);
    return [attackKey(attack), attack];
  }));
}

/** The same for attacks that must differ. @throws {RangeError} When two are the same with all their options. */
export function distinctAttacks(threat: Suite["threat"], attacks: readonly Named[]): Map<string, Attack> {
  const byKey = attacksByKey(threat, attacks);
  if (byKey.size === attacks.length) return byKey;
  const names = attacks.map(({ name }) => name), twice = names.find((name, i) => names.indexOf(name) !== i);
  throw new RangeError(`Cannot run attack "${twice}" twice with the same options: name it once`);
}

/** Every attack of a suite: on the cadence, at the end, and the strong one. */
export function attacksOf({ evaluation, final, strong }: Suite): Named[] {
  return [...attacksOnCadence(evaluation), ...final.attacks, ...strong === null ? [] : [strong.attack]];
}

/** The one that judges the targets first. */
export function attacksOnCadence({ attack, alsoAttacks }: Suite["evaluation"]): Named[] {
  return [attack, ...alsoAttacks];
}

/** Attacks as the result names them. */
export function describeAttacks(attacks: Iterable<Attack>): Result["attacks"] {
  return Object.fromEntries([...attacks].map((attack) => {
    return [attackKey(attack), { name: attack.name, label: attack.label, resolved: { ...attack.resolved } }];
  }));
}

function attackKey(attack: Attack): string {
  return `${attack.name}-${canonicalHash({ threat: attack.threat, resolved: attack.resolved }).slice(0, 8)}`;
}

/**
 * Every run of the suite in the order of execution: seed by seed, so that an early end leaves whole comparisons.
 *
 * @throws {UsageError} When a name or an option of the suite is wrong.
 */
export function planRuns(suite: Suite): PlannedRun[] {
  asUsage(`suite ${suite.name}`, () => {
    findDataset(suite.data.name).resolve(suite.data.options);
    findModel(suite.model.name).create(suite.model.options);
    attacksByKey(suite.threat, attacksOf(suite));
  });
  return suite.seeds.flatMap((seed) => suite.runs.map((run) => planRun(suite, run, seed)));
}

function planRun(suite: Suite, run: SuiteRun, seed: number): PlannedRun {
  const method = asUsage(`run ${run.label} of suite ${suite.name}`, () => {
    for (const optimizer of [run.optimizer, run.firstLayerOptimizer]) if (optimizer) checkSchedule(optimizer.schedule);
    return methodOf(suite.threat, run.method);
  });
  const config: RunConfig = {
    algorithmVersion: ALGORITHM_VERSION,
    data: resolveData(suite.data),
    augmentation: suite.augmentation,
    model: { name: suite.model.name, options: { ...findModel(suite.model.name).create(suite.model.options).options } },
    threat: suite.threat,
    method: { name: method.name, options: { ...method.resolved } },
    batch: run.batch,
    epochs: run.epochs,
    optimizer: run.optimizer,
    firstLayerOptimizer: run.firstLayerOptimizer ?? null,
    dtype: "float32",
    seed,
  };
  return {
    label: run.label,
    note: run.note ?? null,
    preset: run.preset ?? null,
    methodLabel: method.label,
    seed,
    config,
    id: canonicalHash(config),
  };
}

/** The data set with every option filled in; an option that is absent stays absent. */
function resolveData({ name, options }: NamedData): NamedData {
  const resolved = Object.entries(findDataset(name).resolve(options)).filter(([, value]) => value !== undefined);
  return { name, options: Object.fromEntries(resolved) as NamedData["options"] };
}

/** What decides the bits beside the configuration: engine, kernels, shards, precision, versions. Workers and settings do
 *  not. */
export function engineKey({ name, version, kernels, shards, precision }: EngineRecord): string {
  return canonicalHash({ name, version, kernels, shards, precision });
}

/** An opened engine as the result names it. */
export function engineRecord({ name, version, kernelSet, team, precision, settings }: Engine): EngineRecord {
  return { name, version, kernels: kernelSet, workers: team.size, shards: team.shards, precision, settings };
}

/** Hash of what is judged, when, how and against which targets. The batch of an evaluation changes nothing. */
export function evaluationId({ threat, evaluation, final, strong, targets }: Suite): string {
  const { everyExamples, count, seed } = evaluation;
  return canonicalHash({
    ...{ everyExamples, count, seed, targets },
    attack: [...attacksByKey(threat, attacksOnCadence(evaluation)).keys()],
    final: { ...final, attacks: [...attacksByKey(threat, final.attacks).keys()] },
    ...strong === null ? {} : { strong: { ...strong, attack: [...attacksByKey(threat, [strong.attack]).keys()] } },
  });
}

/** The part of a run's folder name that does not depend on the engine. */
export function runName(planned: Pick<PlannedRun, "label" | "seed" | "id">): string {
  return `${planned.label}-s${planned.seed}-${planned.id.slice(0, 8)}`;
}

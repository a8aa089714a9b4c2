/** Tasks on a team of Workers of their own, for the command line and the library. @module */

import { hardwareRecord, loadAverage } from "../backends/hardware.ts";
import { costConfig } from "./cost_config.ts";
import { type EnginePlan, type EngineRequest, planEngine } from "./engine_request.ts";
import { performOnTeam, type Supervision } from "./engine_team.ts";
import type { EvaluateOptions, EvaluationReport } from "./evaluate_weights.ts";
import type { EvaluationRecord } from "./evaluation_record.ts";
import type { AttackCostMeasurement, AttackCostOptions } from "./measure_attack_cost.ts";
import type { CostMeasurement, CostOptions } from "./measure_cost.ts";
import type { Observe } from "./progress.ts";
import type { Machine } from "./result.ts";
import { toolRecord } from "./tool.ts";

export type CostReport = CostMeasurement & {
  readonly machine: Machine;
  /** One-minute load of the machine before the measurement, other programs' work; null where it is not known. */
  readonly loadAverage: number | null;
};

export type AttackCostReport = AttackCostMeasurement & Pick<CostReport, "machine" | "loadAverage">;

/**
 * What a step costs.
 *
 * @throws {UsageError} When a name or an option is wrong, the batch does not fit, or the engine cannot run here.
 */
export async function measureCost(request: EngineRequest, options: CostOptions): Promise<CostReport> {
  costConfig(options); // wrong usage is told before anything starts
  const load = await loadAverage();
  const { opened, value } = await performOnTeam(await planEngine(request), { kind: "cost", options }, () => {});
  const measured = value as CostMeasurement;
  const machine = { ...await hardwareRecord(), calibration: measured.calibration };
  return { ...measured, engine: opened.engine, machine, loadAverage: load };
}

/**
 * Clean accuracy of saved weights, and accuracy under each attack.
 *
 * @param signal Ends the work at once; the signal's reason is thrown.
 * @throws {UsageError} When weights, data, attacks or the limit do not fit each other, or the engine cannot run here.
 */
export async function evaluateWeights(
  request: EngineRequest,
  options: EvaluateOptions,
  observe: Observe,
  signal?: AbortSignal,
): Promise<EvaluationRecord> {
  return await evaluateWithPlan(await planEngine(request), options, observe, signal && { signal });
}

/** The same with an engine that is chosen already; outcomes are for `keep` where options say that they are kept. */
export async function evaluateWithPlan(
  plan: EnginePlan,
  options: EvaluateOptions,
  observe: Observe,
  supervision?: Supervision,
): Promise<EvaluationRecord> {
  const { readWeights } = await import("./evaluate_weights.ts");
  readWeights(options); // what cannot be read is told before every Worker gets a copy
  const { opened, value } = await performOnTeam(plan, { kind: "evaluate", options }, observe, supervision);
  return {
    schema: "yopo-bench/evaluation@1",
    created: new Date().toISOString(),
    tool: await toolRecord(),
    machine: { ...await hardwareRecord(), calibration: opened.calibration },
    ...value as EvaluationReport,
    engine: opened.engine,
  };
}

/**
 * What an attack costs for an image that withstands it.
 *
 * @throws {UsageError} When a name or an option is wrong, or the engine cannot run here.
 */
export async function measureAttackCost(
  request: EngineRequest,
  options: AttackCostOptions,
): Promise<AttackCostReport> {
  const load = await loadAverage();
  const { opened, value } = await performOnTeam(await planEngine(request), { kind: "attack-cost", options }, () => {});
  const machine = { ...await hardwareRecord(), calibration: opened.calibration };
  return { ...value as AttackCostMeasurement, engine: opened.engine, machine, loadAverage: load };
}

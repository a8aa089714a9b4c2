/** Tasks on a team of Workers of their own, for the command line and the library. @module */

import { hardwareRecord, loadAverage } from "../backends/hardware.ts";
import { costConfig } from "./cost_config.ts";
import { type EngineRequest, planEngine } from "./engine_request.ts";
import { performOnTeam } from "./engine_team.ts";
import type { EvaluateOptions, EvaluationReport } from "./evaluate_weights.ts";
import type { CostMeasurement, CostOptions } from "./measure_cost.ts";
import type { Observe } from "./progress.ts";
import type { Machine } from "./result.ts";

export type CostReport = CostMeasurement & {
  readonly machine: Machine;
  /** One-minute load of the machine before the measurement, other programs' work; null where it is not known. */
  readonly loadAverage: number | null;
};

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
 * @throws {UsageError} When weights, data, attacks or the limit do not fit each other, or the engine cannot run here.
 */
export async function evaluateWeights(
  request: EngineRequest,
  options: EvaluateOptions,
  observe: Observe,
): Promise<EvaluationReport> {
  const { value } = await performOnTeam(await planEngine(request), { kind: "evaluate", options }, observe);
  return value as EvaluationReport;
}

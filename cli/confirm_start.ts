/** Says how long a suite of the paper will take before it starts, and asks where it is at full scale. @module */

import type { EngineRequest } from "../bench/engine_request.ts";
import type { SuiteEstimate } from "../bench/estimate_hours.ts";
import type { PlannedRun } from "../bench/run_config.ts";
import type { Suite } from "../bench/suite.ts";
import { UsageError } from "../bench/usage_error.ts";
import { complain } from "./complain.ts";
import type { Io } from "./io.ts";
import { printEstimate } from "./print_estimate.ts";
import { tolerant } from "./tolerant.ts";

/** A suite that is about to start. */
export interface Start {
  readonly suite: Suite;
  /** Absolute. */
  readonly out: string;
  readonly engine: EngineRequest;
  readonly force: boolean;
  /** Start without asking. */
  readonly yes: boolean;
  readonly json: boolean;
  readonly quiet: boolean;
}

/** How long runs take; tests give their own. */
export type Estimate = (engine: EngineRequest, suite: Suite, runs: readonly PlannedRun[]) => Promise<SuiteEstimate>;

/**
 * Whether the suite may start.
 *
 * @throws {UsageError} When suite or folder cannot be used, or it had to be asked and nobody is there to answer.
 */
export async function confirmStart(start: Start, io: Io, estimate: Estimate = measuredEstimate): Promise<boolean> {
  const { suite, out, engine, force, quiet } = start;
  if (suite.paper === undefined) return true;
  const { runsLeft } = await import("../bench/runs_left.ts");
  const runs = await runsLeft(suite, out, force);
  if (runs.length === 0) return true;
  const isPart = (suite.scaled?.epochs ?? 1) * (suite.scaled?.data ?? 1) < 1;
  const asks = !isPart && !start.yes;
  if (asks) refuseUnlessAnswered(start, io);
  if (quiet) return true;
  const { checkDataIsHere } = await import("../bench/data_is_here.ts");
  await checkDataIsHere(suite.data.name, io.place.cache);
  const err = tolerant(io.err);
  err.write("Measuring a step of natural training to estimate how long the suite takes\n");
  printEstimate(await estimate(engine, suite, runs), err);
  return !asks || await ask(io);
}

async function measuredEstimate(...given: Parameters<Estimate>): Promise<SuiteEstimate> {
  const { estimateHours } = await import("../bench/estimate_hours.ts");
  return await estimateHours(...given);
}

/** @throws {UsageError} When nobody could read the question and answer it. */
function refuseUnlessAnswered({ suite, json, quiet }: Start, io: Io): void {
  if (io.input.isTerminal && io.err.isTerminal && !json && !quiet) return;
  const why = quiet ? "with --quiet" : json ? "with --json" : "without a terminal";
  throw new UsageError(
    `Cannot ask ${why} whether to start ${suite.name} at full scale, which takes many hours: ` +
      `start it with --yes, or a part of it with --scale, for example --scale 0.05`,
  );
}

async function ask(io: Io): Promise<boolean> {
  io.err.write("Start? [y/N] ");
  const answer = await io.input.readLine();
  if (answer === null) io.err.write("\n");
  if (/^\s*y(es)?\s*$/i.test(answer ?? "")) return true;
  complain(io.err, "Stopped before the start; --scale and --data-scale make the suite smaller");
  return false;
}

/** What a suite has still to do in its results folder. @module */

import { firstDifference } from "./canonical.ts";
import { collectResult } from "./collect.ts";
import { findStoredSuite } from "./output_folder.ts";
import { type PlannedRun, planRuns } from "./run_config.ts";
import type { Suite } from "./suite.ts";

/**
 * The runs that would be started. None where the folder holds another suite: that is refused.
 *
 * @param force Whether what lies in the folder would be moved aside.
 * @throws {UsageError} When suite or folder cannot be used.
 */
export async function runsLeft(suite: Suite, out: string, force: boolean): Promise<PlannedRun[]> {
  const planned = planRuns(suite), stored = force ? null : await findStoredSuite(out);
  if (stored === null) return planned;
  if (firstDifference(stored.suite, suite) !== undefined) return [];
  const { runs } = await collectResult(out);
  const done = new Set(
    runs.filter(({ status }) => status === "completed" || status === "diverged").map(({ id }) => id),
  );
  return planned.filter(({ id }) => !done.has(id));
}

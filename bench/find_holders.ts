/** Who is at work in a results folder. @module */

import { join } from "node:path";
import { findRunFolders, readStoredSuite } from "./output_folder.ts";
import { planRuns, runName } from "./run_config.ts";
import { findHolder, type Holder, LEASE_SECONDS } from "./run_owner.ts";

/**
 * Those who are at work on runs, by the runs' ids. An owner elsewhere counts as long as its last sign is no older than a
 * few leases, by the clocks of both hosts: good enough to be shown, not to take a run over.
 *
 * @throws {UsageError} When the folder holds no suite.
 */
export async function findHolders(out: string): Promise<Map<string, Holder>> {
  const holders = new Map<string, Holder>();
  for (const planned of planRuns((await readStoredSuite(out)).suite)) {
    for (const name of await findRunFolders(out, runName(planned))) {
      const holder = await findHolder(join(out, "runs", name));
      if (holder !== null && (holder.isAlive || isRecent(holder))) holders.set(planned.id, holder);
    }
  }
  return holders;
}

function isRecent({ at }: Holder): boolean {
  return Date.now() - Date.parse(at) < 5 * LEASE_SECONDS * 1000;
}

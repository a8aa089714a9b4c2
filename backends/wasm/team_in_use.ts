/** The team of the open engine, for kernels that sum over a batch: tfjs registers kernels once, engines are opened with a
 *  team each. @module */

import { soloTeam, type Team } from "../team.ts";

/** Shards of a batch on the wasm engine. */
export const WASM_SHARDS = 8;

let inUse: Team = soloTeam(WASM_SHARDS);

/** Makes `team` the one that sums follow from now on. */
export function useTeam(team: Team): void {
  inUse = team;
}

/** The team that sums follow. */
export function teamInUse(): Team {
  return inUse;
}

/** A team's sum of tensors. @module */

import * as tf from "@tensorflow/tfjs";
import type { Team } from "./team.ts";

/** Sums of float32 tensors over the team's workers; new tensors, of which a worker alone gets clones. */
export function allReduceTensors<T extends tf.Tensor>(team: Team, partials: readonly T[]): T[] {
  if (team.size === 1) return partials.map((partial) => partial.clone());
  const values = partials.map((partial) => partial.dataSync<"float32">().slice()); // a backend may give its own array
  team.allReduce(values);
  return partials.map(({ shape }, i) => tf.tensor(values[i]!, shape) as T);
}

/** Accuracies of saved weights over the seeds of a run label, with what the sampling of images leaves open. @module */

import type { FinalRow, RobustRow } from "../bench/result.ts";
import { type Spread, spreadOf } from "../statistics/spread.ts";
import { type Interval, wilsonInterval } from "../statistics/wilson.ts";

export interface Accuracy extends Spread {
  /** 95 % interval for the images judged; over several seeds from the lowest lower end to the highest upper end. */
  readonly interval: Interval;
}

export interface StrongestAttack {
  /** Under the attack that left each run the lowest accuracy. */
  readonly accuracy: Accuracy;
  /** Keys of those attacks: several where they tie or differ from seed to seed. */
  readonly attacks: readonly string[];
}

/** Null where no image was judged. */
export function accuracyOver(judged: readonly FinalRow["clean"][]): Accuracy | null {
  const known = judged.filter(({ count }) => count > 0);
  if (known.length === 0) return null;
  const intervals = known.map(({ correct, count }) => wilsonInterval(correct, count));
  return {
    ...spreadOf(known.map(({ accuracy }) => accuracy)),
    interval: {
      lower: Math.min(...intervals.map(({ lower }) => lower)),
      upper: Math.max(...intervals.map(({ upper }) => upper)),
    },
  };
}

/** @param runs What each run's weights were judged with. */
export function strongestAttack(runs: readonly (readonly RobustRow[])[]): StrongestAttack | null {
  const lowest = runs.map((rows) => {
    const least = Math.min(...rows.map((row) => row.accuracy));
    return rows.filter((row) => row.accuracy === least);
  });
  const accuracy = accuracyOver(lowest.flatMap((rows) => rows[0] ?? []));
  return accuracy && { accuracy, attacks: [...new Set(lowest.flat().map((row) => row.attack))] };
}

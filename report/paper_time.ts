/** What the time of each of the paper's runs is the product of, here and in the paper, and how it stands to the
 *  baseline's: seconds per step × steps per epoch × epochs. @module */

import type { Result, RunRecord } from "../bench/result.ts";
import { sampleMeanOf } from "../statistics/sample_mean.ts";
import type { PaperRow } from "./paper_reasons.ts";

export interface TimeParts {
  readonly run: string;
  readonly measured: MeasuredTime | null;
  readonly published: PublishedTime;
}

/** Means over the completed runs. */
export interface MeasuredTime {
  readonly fullPassesPerStep: number;
  readonly secondsPerStep: number;
  readonly stepsPerEpoch: number;
  readonly epochs: number;
  readonly trainSeconds: number;
}

/** What is known of the paper's. */
export interface PublishedTime {
  readonly fullPassesPerStep: number | null;
  readonly epochs: number | null;
  readonly minutes: number | null;
}

/** One entry per row of the paper, in its order. */
export function timeParts(result: Result): TimeParts[] {
  return result.suite.paper?.rows.map((row) => ({
    run: row.run,
    measured: measuredTime(result.runs.filter(({ label, status }) => label === row.run && status === "completed")),
    published: publishedTime(row),
  })) ?? [];
}

function measuredTime(runs: readonly RunRecord[]): MeasuredTime | null {
  const timed = runs.flatMap(({ cost, config: { epochs } }) =>
    cost?.secondsPerStep ? [{ ...cost, epochs, secondsPerStep: cost.secondsPerStep.median }] : []
  );
  if (timed.length === 0) return null;
  const mean = (value: (cost: typeof timed[number]) => number) => sampleMeanOf(timed.map(value)).mean;
  return {
    fullPassesPerStep: mean((cost) => cost.fullPassesPerStep),
    secondsPerStep: mean((cost) => cost.secondsPerStep),
    stepsPerEpoch: mean((cost) => cost.stepsPerEpoch),
    epochs: mean((cost) => cost.epochs),
    trainSeconds: mean((cost) => cost.trainSeconds),
  };
}

function publishedTime({ recipe, minutes }: PaperRow): PublishedTime {
  return {
    fullPassesPerStep: recipe?.fullPassesPerStep ?? null,
    epochs: recipe?.epochs ?? null,
    minutes: minutes?.value ?? null,
  };
}

/** Seconds that the three factors give. */
export function productOf({ secondsPerStep, stepsPerEpoch, epochs }: MeasuredTime): number {
  return secondsPerStep * stepsPerEpoch * epochs;
}

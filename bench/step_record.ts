/** What a run counts while it trains: steps, examples, passes, losses and the seconds of each step. @module */

import { z } from "zod";
import { spreadOf } from "../statistics/spread.ts";
import type { StepResult } from "../training/method.ts";
import type { RunClock } from "./clock.ts";
import { type Passes, passesSchema, type RunRecord } from "./result.ts";

/** What a checkpoint keeps of the counts. */
export const stepRecordStateSchema = z.strictObject({
  step: z.int().min(0),
  examples: z.int().min(0),
  loadSeconds: z.number().min(0),
  dataWaitSeconds: z.number().min(0),
  passes: passesSchema,
  stepSeconds: z.array(z.number()),
  lossSum: z.number(),
  lossCount: z.int().min(0),
});

export class StepRecord {
  step = 0;
  examples = 0;
  /** Part of the training seconds that loaded the data. */
  loadSeconds = 0;
  /** Part of the training seconds that waited for batches made elsewhere. */
  dataWaitSeconds = 0;
  passes: Passes = { full: 0, forward: 0, firstLayerAdversary: 0, firstLayerWeights: 0 };
  #seconds: number[] = [];
  #lossSum = 0;
  #lossCount = 0;

  /** Counts one optimizer step. Only steps of full batches count for the seconds of a step. */
  add(
    { passes, count }: Pick<StepResult, "passes" | "count">,
    lossSum: number,
    { seconds, isFullBatch }: { seconds: number; isFullBatch: boolean },
  ): void {
    this.step += 1;
    this.passes = {
      full: this.passes.full + passes.full,
      forward: this.passes.forward + passes.forward,
      firstLayerAdversary: this.passes.firstLayerAdversary + passes.firstLayerAdversary,
      firstLayerWeights: this.passes.firstLayerWeights + passes.firstLayerWeights,
    };
    this.#lossSum += lossSum;
    this.#lossCount += count;
    if (isFullBatch) this.#seconds.push(seconds);
  }

  save(): z.infer<typeof stepRecordStateSchema> {
    const { step, examples, loadSeconds, dataWaitSeconds, passes } = this;
    const [stepSeconds, lossSum, lossCount] = [this.#seconds, this.#lossSum, this.#lossCount];
    return { step, examples, loadSeconds, dataWaitSeconds, passes, stepSeconds, lossSum, lossCount };
  }

  restore({ stepSeconds, lossSum, lossCount, ...counts }: z.infer<typeof stepRecordStateSchema>): void {
    Object.assign(this, counts);
    this.#seconds = [...stepSeconds];
    this.#lossSum = lossSum;
    this.#lossCount = lossCount;
  }

  /** Mean loss per example since the last call, nats; null where there was no step. */
  takeMeanLoss(): number | null {
    const mean = this.#lossCount > 0 ? this.#lossSum / this.#lossCount : null;
    this.#lossSum = this.#lossCount = 0;
    return mean;
  }

  /** Mean passes of an optimizer step; 0 before the first. */
  passesPerStep(): Passes {
    const perStep = (count: number): number => this.step > 0 ? count / this.step : 0;
    const { full, forward, firstLayerAdversary, firstLayerWeights } = this.passes;
    return {
      full: perStep(full),
      forward: perStep(forward),
      firstLayerAdversary: perStep(firstLayerAdversary),
      firstLayerWeights: perStep(firstLayerWeights),
    };
  }

  /** The cost section of the result. */
  cost(clock: RunClock, stepsPerEpoch: number): NonNullable<RunRecord["cost"]> {
    const { full, forward, firstLayerAdversary, firstLayerWeights } = this.passesPerStep();
    return {
      secondsPerStep: this.#secondsPerStep(),
      stepsPerEpoch,
      fullPassesPerStep: full,
      forwardPassesPerStep: forward,
      firstLayerPassesPerStep: firstLayerAdversary + firstLayerWeights,
      trainSeconds: clock.seconds("train"),
      wallSeconds: clock.wallSeconds(),
      evaluationSeconds: clock.seconds("evaluation"),
      warmUpSeconds: clock.seconds("warmUp"),
      checkpointSeconds: clock.seconds("checkpoint"),
      loadSeconds: this.loadSeconds,
      dataWaitSeconds: this.dataWaitSeconds,
    };
  }

  #secondsPerStep(): NonNullable<RunRecord["cost"]>["secondsPerStep"] {
    if (this.#seconds.length === 0) return null;
    const { median, min, max } = spreadOf(this.#seconds);
    return { median, min, max };
  }
}

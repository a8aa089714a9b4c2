/** The clocks of a run: a few named accumulators, one of which runs at a time, so that nothing is counted twice.
 *  `train` is the clock that results are judged by; evaluation, checkpoints and warm-up each have their own. @module */

import { z } from "zod";

const seconds = z.number().min(0);

/** What a checkpoint keeps of the clocks. */
export const clockStateSchema = z.strictObject({
  seconds: z.strictObject({ train: seconds, evaluation: seconds, checkpoint: seconds, warmUp: seconds, idle: seconds }),
  wallSeconds: seconds,
});

export type ClockState = z.infer<typeof clockStateSchema>;
export type ClockName = keyof ClockState["seconds"];

export class RunClock {
  #now: () => number;
  #seconds: Record<ClockName, number> = { train: 0, evaluation: 0, checkpoint: 0, warmUp: 0, idle: 0 };
  #running: ClockName = "idle";
  #since: number;
  #began: number;
  /** Wall seconds of earlier attempts. */
  #before = 0;

  /** @param now Monotonic time in milliseconds; tests pass their own. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#began = this.#since = now();
  }

  /** Stops what runs and starts `name`; returns the name that ran before. */
  switchTo(name: ClockName): ClockName {
    const now = this.#now(), before = this.#running;
    this.#seconds[before] += (now - this.#since) / 1000;
    this.#since = now;
    this.#running = name;
    return before;
  }

  /** Runs `work` on the clock `name`, then goes back to the clock that ran before. */
  async during<T>(name: ClockName, work: () => Promise<T> | T): Promise<T> {
    const before = this.switchTo(name);
    try {
      return await work();
    } finally {
      this.switchTo(before);
    }
  }

  /** Seconds on `name` so far. */
  seconds(name: ClockName): number {
    return this.#seconds[name] + (this.#running === name ? (this.#now() - this.#since) / 1000 : 0);
  }

  /** Seconds since the clock was made, whatever ran, and those of earlier attempts. */
  wallSeconds(): number {
    return this.#before + (this.#now() - this.#began) / 1000;
  }

  /** All seconds so far. */
  save(): ClockState {
    const names = Object.keys(this.#seconds) as ClockName[];
    const seconds = Object.fromEntries(names.map((name) => [name, this.seconds(name)])) as ClockState["seconds"];
    return { seconds, wallSeconds: this.wallSeconds() };
  }

  /** Goes on from an earlier attempt's seconds; this one's so far are added. */
  restore({ seconds, wallSeconds }: ClockState): void {
    for (const name of Object.keys(this.#seconds) as ClockName[]) this.#seconds[name] += seconds[name];
    this.#before += wallSeconds;
  }
}

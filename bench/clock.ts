/** The clocks of a run: a few named accumulators, one of which runs at a time, so that nothing is counted twice.
 *  `train` is the clock that results are judged by; evaluation, checkpoints and warm-up each have their own. @module */

export type ClockName = "train" | "evaluation" | "checkpoint" | "warmUp" | "idle";

export class RunClock {
  #now: () => number;
  #seconds: Record<ClockName, number> = { train: 0, evaluation: 0, checkpoint: 0, warmUp: 0, idle: 0 };
  #running: ClockName = "idle";
  #since: number;
  #began: number;

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

  /** Seconds since the clock was made, whatever ran. */
  wallSeconds(): number {
    return (this.#now() - this.#began) / 1000;
  }
}

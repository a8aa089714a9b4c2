/** When a run's state is written down. On the disk every so many seconds, and at the end of training; and where a step is
 *  long, or an evaluation begins, the state goes to the supervising thread, which writes it when the run is stopped in the
 *  middle of what follows. @module */

import { encodeCheckpoint } from "./checkpoint.ts";
import { takeCheckpoint, type Watchers } from "./run_checkpoint.ts";
import type { Run } from "./run_state.ts";

/** A run stops between steps; those that take longer than this may be ended in the middle. */
const LONG_STEP_SECONDS = 1;

/** What is written down at every long step may cost this part of the time. */
const MOST_OVERHEAD = 0.005;

export class CheckpointCadence {
  #run: Run;
  #watchers: Watchers;
  #rest: () => Promise<void>;
  #lastWritten = performance.now();
  #lastTaken = performance.now();
  /** Seconds that the last one took. */
  #cost = 0;

  /** @param rest Brings what works ahead to rest, so that nothing is prepared while the training clock stands. */
  constructor(run: Run, watchers: Watchers, rest: () => Promise<void>) {
    this.#run = run;
    this.#watchers = watchers;
    this.#rest = rest;
  }

  /** After a batch and all that was due after it. */
  async afterBatch(examplesBefore: number, seconds: number): Promise<void> {
    if (since(this.#lastWritten) >= this.#run.job.checkpointSeconds) await this.write(examplesBefore);
    else if (seconds > LONG_STEP_SECONDS) await this.hand(examplesBefore);
  }

  /** Puts the state on the disk. */
  async write(examplesBefore: number): Promise<void> {
    await this.#take(examplesBefore, true);
    this.#lastWritten = performance.now();
  }

  /** Gives the state to the supervising thread, where that costs little. */
  async hand(examplesBefore: number): Promise<void> {
    if (this.#cost <= MOST_OVERHEAD * since(this.#lastTaken)) await this.#take(examplesBefore, false);
  }

  async #take(examplesBefore: number, write: boolean): Promise<void> {
    const { host, record, engine } = this.#run;
    if (engine.team.rank !== 0) return; // all workers have the same state
    await this.#rest();
    await host.clock.during("checkpoint", async () => {
      const began = performance.now();
      const bytes = new Uint8Array(encodeCheckpoint(await takeCheckpoint(this.#run, this.#watchers, examplesBefore)));
      this.#cost = since(began);
      host.saveCheckpoint({ step: record.step, write, bytes });
    });
    this.#lastTaken = performance.now();
  }
}

function since(milliseconds: number): number {
  return (performance.now() - milliseconds) / 1000;
}

/** Ctrl-C, once and twice. A terminal sends it to every process of the program and the launcher forwards it as well, so
 *  signals within 300 ms of each other count as one. @module */

const SAME_MILLISECONDS = 300;

/** Counts interrupts; the process's signals are wired to it in main.ts. */
export class Interrupts {
  #controller = new AbortController();
  #lastTime = -Infinity;
  #end: () => void;

  /** @param end Ends the program at once. */
  constructor(end: () => void) {
    this.#end = end;
  }

  /** Aborted by the first interrupt. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Takes a request to stop that is no impatient user's: Slurm sends SIGTERM to every process of a task, and each hands
   *  it on. */
  stop(): void {
    this.#controller.abort();
  }

  /** Takes one signal that arrived at `time`, in milliseconds. */
  receive(time: number): void {
    const same = time - this.#lastTime < SAME_MILLISECONDS;
    this.#lastTime = time;
    if (same) return;
    if (this.signal.aborted) this.#end();
    else this.#controller.abort();
  }
}

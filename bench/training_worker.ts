/** The supervising side of a training Worker: starts it, hears it, stops it, and never waits without a limit. @module */

import type { EngineName } from "../backends/engine.ts";
import type { Machine } from "./result.ts";
import type { EngineRecord, FromWorker, RunJob, ToWorker } from "./run_job.ts";

/** Seconds that a Worker gets to finish its step after it was asked to stop; then it is ended. */
const GRACE_SECONDS = 4;

/** A Worker that says nothing for this long is taken for hung: while it opens its engine, and while it runs. */
const OPENING_SECONDS = 300;
const SILENCE_SECONDS = 3600;

type Timer = ReturnType<typeof setTimeout> | undefined;

export interface OpenedEngine {
  readonly engine: EngineRecord;
  readonly engineKey: string;
  readonly calibration: Machine["calibration"];
}

export class TrainingWorker {
  #worker: Worker;
  #stop = new SharedArrayBuffer(4);

  /** @param script The Worker's module; tests give one that misbehaves. */
  constructor(script: URL = new URL("./run_worker.ts", import.meta.url)) {
    this.#worker = new Worker(script, { type: "module" });
  }

  /** Opens the engine in the Worker and, where asked, measures it. @throws {Error} When the engine cannot start. */
  async open(engine: EngineName, calibrate = false): Promise<OpenedEngine> {
    let opened: OpenedEngine | undefined;
    await this.#exchange({ kind: "open", engine, stop: this.#stop, calibrate }, OPENING_SECONDS, (message) => {
      if (message.kind === "opened") opened = message;
      return message.kind === "opened";
    });
    return opened!;
  }

  /**
   * Runs a job to its end, handing on what the Worker says.
   *
   * @returns Whether the job came to its own end; false where it had to be ended after `signal` fired.
   * @throws {Error} When the Worker dies or falls silent.
   */
  async run(job: RunJob, onMessage: (message: FromWorker) => void, signal: AbortSignal): Promise<boolean> {
    let ended = true;
    let timer: Timer;
    const stop = Promise.withResolvers<void>();
    const askToStop = (): void => {
      Atomics.store(new Int32Array(this.#stop), 0, 1);
      timer = setTimeout(() => {
        ended = false;
        this.close();
        stop.resolve();
      }, GRACE_SECONDS * 1000);
    };
    if (signal.aborted) askToStop();
    signal.addEventListener("abort", askToStop, { once: true });
    const exchange = this.#exchange({ kind: "run", job }, SILENCE_SECONDS, (message) => {
      if (message.kind !== "done") onMessage(message);
      return message.kind === "done";
    });
    try {
      await Promise.race([exchange, stop.promise]);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", askToStop);
      exchange.catch(() => {});
    }
    return ended;
  }

  /** Ends the Worker at once; nothing that it still says is heard. */
  close(): void {
    this.#worker.onmessage = null;
    this.#worker.terminate();
  }

  /** Sends a message and hears answers until `isLast` says that one ends the exchange. */
  #exchange(message: ToWorker, seconds: number, isLast: (message: FromWorker) => boolean): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let silence: Timer;
    const listen = (): void => {
      clearTimeout(silence);
      silence = setTimeout(
        () => reject(new Error(`the training Worker said nothing for ${seconds} seconds`)),
        seconds * 1000,
      );
    };
    this.#worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      listen();
      try {
        if (data.kind === "error") reject(new Error(data.message, { cause: data.stack }));
        else if (isLast(data)) resolve();
      } catch (error) {
        reject(error);
      }
    };
    this.#worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(`the training Worker died: ${event.message}`));
    };
    listen();
    this.#worker.postMessage(message);
    return promise.finally(() => clearTimeout(silence));
  }
}

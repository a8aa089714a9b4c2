/** The supervising side of the Workers that compute one thing together: starts them, hears them, stops them, and never
 *  waits without a limit. @module */

import { createTeamMemory, endTeam } from "../backends/shared_team.ts";
import type { EnginePlan } from "./engine_request.ts";
import type { Observe } from "./progress.ts";
import type { Machine } from "./result.ts";
import type { EngineRecord, FromWorker, RunJob, ToWorker, WorkerTask } from "./run_job.ts";
import { UsageError } from "./usage_error.ts";

/** Seconds that a run gets to finish its step after it was asked to stop; then it is ended. */
const GRACE_SECONDS = 2;

/** A leading Worker that says nothing for this long is taken for hung: while it opens its engine, and while it works. */
const OPENING_SECONDS = 300;
const SILENCE_SECONDS = 3600;

/** Work that comes to a value. */
type Task = Exclude<WorkerTask, { kind: "run" }>;

/** Takes what a worker wants to be kept: a file's bytes. */
export type KeepChunk = (bytes: Uint8Array) => void;

/** How a task is watched over. */
export interface Supervision {
  readonly keep?: KeepChunk;
  /** Ends the team at once, in the middle of a batch. */
  readonly signal?: AbortSignal;
}

type Timer = ReturnType<typeof setTimeout> | undefined;

export interface OpenedEngine {
  readonly engine: EngineRecord;
  readonly engineKey: string;
  readonly calibration: Machine["calibration"];
}

export class EngineTeam {
  #plan: EnginePlan;
  #workers: Worker[];
  #stop = new SharedArrayBuffer(4);
  #memory: SharedArrayBuffer | null;
  #closed = Promise.withResolvers<never>();

  /** @param script The Workers' module; tests give one that misbehaves. */
  constructor(plan: EnginePlan, script: URL = new URL("./engine_worker.ts", import.meta.url)) {
    this.#plan = plan;
    this.#workers = Array.from({ length: plan.workers }, () => new Worker(script, { type: "module" }));
    this.#memory = plan.workers > 1 ? createTeamMemory(plan.workers) : null;
    this.#closed.promise.catch(() => {}); // most teams are closed when nothing is awaited
  }

  /** Opens the engine in every Worker and, where asked, measures it. @throws {Error} When it cannot start. */
  async open(calibrate = false): Promise<OpenedEngine> {
    const { workers: size, shards } = this.#plan, memory = this.#memory;
    const opened = await this.#exchange("opened", OPENING_SECONDS, () => {}, (rank) => ({
      kind: "open",
      plan: this.#plan,
      seat: memory === null ? null : { rank, size, shards, memory },
      stop: this.#stop,
      calibrate,
    }));
    return opened as Extract<FromWorker, { kind: "opened" }>;
  }

  /**
   * Runs a job to its end, handing on what the leading Worker says.
   *
   * @returns Whether the job came to its own end; false where it had to be ended after `signal` fired.
   * @throws {Error} When a Worker throws or dies, or the leading one falls silent.
   */
  async run(job: RunJob, onMessage: (message: FromWorker) => void, signal: AbortSignal): Promise<boolean> {
    let ended = true;
    let timer: Timer;
    const askToStop = (): void => {
      Atomics.store(new Int32Array(this.#stop), 0, 1);
      timer = setTimeout(() => {
        ended = false;
        this.close();
      }, GRACE_SECONDS * 1000);
    };
    if (signal.aborted) askToStop();
    signal.addEventListener("abort", askToStop, { once: true });
    try {
      await this.#exchange("done", SILENCE_SECONDS, onMessage, () => ({ kind: "run", job }));
    } catch (error) {
      if (ended) throw error;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", askToStop);
    }
    return ended;
  }

  /** Does a task other than a run and returns what it comes to. @throws {Error} What went wrong in a Worker. */
  async perform(task: Task, observe: Observe, keep: KeepChunk = () => {}): Promise<unknown> {
    const onMessage = (message: FromWorker): void => {
      if (message.kind === "progress") observe(message.event);
      if (message.kind === "chunk") keep(message.bytes);
    };
    const done = await this.#exchange("done", SILENCE_SECONDS, onMessage, () => task);
    return (done as Extract<FromWorker, { kind: "done" }>).value;
  }

  /** Ends the Workers at once; nothing that they still say is heard, and what is awaited of them throws. */
  close(): void {
    this.#closed.reject(new Error("the team was ended"));
    if (this.#memory !== null) endTeam(this.#memory);
    for (const worker of this.#workers) {
      worker.onmessage = null;
      worker.onerror = (event) => event.preventDefault();
      worker.terminate();
    }
  }

  /**
   * Sends each Worker its message and hears the leading one until its `last`; "opened" is awaited from all.
   *
   * @returns The leading Worker's last message. @throws {Error} What any Worker says went wrong.
   */
  async #exchange(
    last: "opened" | "done",
    seconds: number,
    onMessage: (message: FromWorker) => void,
    messageOf: (rank: number) => ToWorker,
  ): Promise<FromWorker> {
    const failure = Promise.withResolvers<never>();
    let silence: Timer;
    const listen = (): void => {
      clearTimeout(silence);
      const text = `the training Worker said nothing for ${seconds} seconds`;
      silence = setTimeout(() => failure.reject(new Error(text)), seconds * 1000);
    };
    const answers = this.#workers.map((worker, rank) => {
      const answer = Promise.withResolvers<FromWorker>();
      worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
        if (rank === 0) listen();
        try {
          if (data.kind === "error") failure.reject(errorOf(data));
          else if (data.kind === last) answer.resolve(data);
          else if (rank === 0 || data.kind === "chunk") onMessage(data);
        } catch (error) {
          failure.reject(error);
        }
      };
      worker.onerror = (event) => {
        event.preventDefault();
        failure.reject(new Error(`the training Worker died: ${event.message}`));
      };
      worker.postMessage(messageOf(rank));
      return answer.promise;
    });
    listen();
    try {
      const awaited = last === "opened" ? Promise.all(answers).then(([leader]) => leader!) : answers[0]!;
      return await Promise.race([awaited, failure.promise, this.#closed.promise]);
    } finally {
      clearTimeout(silence);
      failure.promise.catch(() => {});
    }
  }
}

function errorOf({ message, stack, isUsage }: Extract<FromWorker, { kind: "error" }>): Error {
  return isUsage ? new UsageError(message, { cause: stack }) : new Error(message, { cause: stack });
}

/** One task in a team of its own. @throws {UsageError|Error} What went wrong in a Worker, or the signal's reason. */
export async function performOnTeam(
  plan: EnginePlan,
  task: Task,
  observe: Observe,
  { keep, signal }: Supervision = {},
): Promise<{ readonly opened: OpenedEngine; readonly value: unknown }> {
  signal?.throwIfAborted();
  const team = new EngineTeam(plan), close = (): void => team.close();
  signal?.addEventListener("abort", close);
  try {
    const opened = await team.open();
    return { opened, value: await team.perform(task, observe, keep) };
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener("abort", close);
    close();
  }
}

/** The Worker that trains: opens one engine, runs one job, reports everything to the supervising thread. @module */

import type { Engine } from "../backends/engine.ts";
import { calibrate } from "../backends/calibration.ts";
import { findEngine } from "../backends/registry.ts";
import { RunClock } from "./clock.ts";
import { engineKey, engineRecord } from "./run_config.ts";
import type { FromWorker, ToWorker } from "./run_job.ts";
import { runTraining } from "./run_loop.ts";

const post = (message: FromWorker, transfer: Transferable[] = []): void => self.postMessage(message, transfer);

/** Progress events closer together than this are dropped, so that drawing never slows training. */
const PROGRESS_MILLISECONDS = 100;

let engine: Engine | undefined;
let stop = new Int32Array(new SharedArrayBuffer(4));
const clock = new RunClock();

async function hear(message: ToWorker): Promise<void> {
  if (message.kind === "open") {
    stop = new Int32Array(message.stop);
    engine = await clock.during("warmUp", () => findEngine(message.engine).open());
    const record = engineRecord(engine);
    const calibration = message.calibrate ? await calibrate(engine) : null;
    post({ kind: "opened", engine: record, engineKey: engineKey(record), calibration });
    return;
  }
  let lastProgress = 0;
  await runTraining(engine!, message.job, {
    clock,
    journal: (event) => post({ kind: "journal", event }),
    saveWeights: (weights) => post({ kind: "weights", weights }, [weights.bytes.buffer]),
    progress: (event) => {
      if (performance.now() - lastProgress < PROGRESS_MILLISECONDS) return;
      lastProgress = performance.now();
      post({ kind: "progress", event });
    },
    shouldStop: () => Atomics.load(stop, 0) === 1,
  });
  post({ kind: "done" });
}

self.onmessage = ({ data }: MessageEvent<ToWorker>) => {
  hear(data).catch((error: Error) => post({ kind: "error", message: error.message, stack: error.stack ?? "" }));
};

import assert from "node:assert/strict";
import type { EngineName } from "../backends/engine.ts";
import { TrainingWorker } from "./training_worker.ts";
import type { RunJob } from "./run_job.ts";

Deno.test("an engine that cannot start ends the wait with its message", async () => {
  const worker = new TrainingWorker();
  try {
    await assert.rejects(worker.open("abacus" as EngineName), /Cannot find engine "abacus"/);
  } finally {
    worker.close();
  }
});

Deno.test("a Worker that throws ends the run with its message, never a hang", async () => {
  const worker = new TrainingWorker();
  try {
    await worker.open("cpu");
    const broken = { config: null } as unknown as RunJob;
    await assert.rejects(worker.run(broken, () => {}, new AbortController().signal), /null/);
  } finally {
    worker.close();
  }
});

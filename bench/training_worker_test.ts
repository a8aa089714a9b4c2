import assert from "node:assert/strict";
import type { EngineName } from "../backends/engine.ts";
import { TrainingWorker } from "./training_worker.ts";
import type { FromWorker, RunJob } from "./run_job.ts";

Deno.test("an engine that cannot start ends the wait with its message", async () => {
  const worker = new TrainingWorker();
  try {
    await assert.rejects(worker.open("abacus" as EngineName), /Cannot find engine "abacus"/);
  } finally {
    worker.close();
  }
});

/** Runs `job` on the cpu engine and returns what the Worker said. */
async function messagesOf(job: unknown): Promise<FromWorker[]> {
  const worker = new TrainingWorker(), messages: FromWorker[] = [];
  try {
    await worker.open("cpu");
    await worker.run(job as RunJob, (message) => messages.push(message), new AbortController().signal);
    return messages;
  } finally {
    worker.close();
  }
}

Deno.test("a Worker that dies ends the wait with its message, never a hang", async () => {
  const worker = new TrainingWorker(
    new URL('data:text/javascript,onmessage = () => { throw new Error("out of tea"); };'),
  );
  try {
    await assert.rejects(worker.open("cpu"), /the training Worker died: .*out of tea/);
  } finally {
    worker.close();
  }
});

Deno.test("a Worker that hears no stop is ended after its grace", async () => {
  const deaf = `onmessage = ({ data }) => data.kind === "open" && postMessage({ kind: "opened" });`;
  const worker = new TrainingWorker(new URL(`data:text/javascript,${deaf}`));
  try {
    await worker.open("cpu");
    assert.equal(await worker.run({} as RunJob, () => {}, AbortSignal.abort()), false);
  } finally {
    worker.close();
  }
});

Deno.test("a run that cannot begin says so in its journal", async () => {
  const [end] = await messagesOf({ config: { model: { name: "vgg", options: {} } } });
  assert.ok(end?.kind === "journal" && end.event.event === "end");
  assert.deepEqual([end.event.status, /"vgg"/.test(end.event.message ?? "")], ["failed", true]);
});

import assert from "node:assert/strict";
import type { EngineName } from "../backends/engine.ts";
import type { EnginePlan } from "./engine_request.ts";
import { EngineTeam } from "./engine_team.ts";
import type { FromWorker, RunJob } from "./run_job.ts";

const plan = (change: Partial<EnginePlan> = {}): EnginePlan => ({
  engine: "cpu",
  precision: "f32",
  workers: 1,
  shards: 1,
  reason: "a test",
  ...change,
});

Deno.test("an engine that cannot start ends the wait with its message", async () => {
  const team = new EngineTeam(plan({ engine: "abacus" as EngineName }));
  try {
    await assert.rejects(team.open(), /Cannot find engine "abacus"/);
  } finally {
    team.close();
  }
});

/** Runs `job` on the cpu engine and returns what the Worker said. */
async function messagesOf(job: unknown): Promise<FromWorker[]> {
  const team = new EngineTeam(plan()), messages: FromWorker[] = [];
  try {
    await team.open();
    await team.run(job as RunJob, (message) => messages.push(message), new AbortController().signal);
    return messages;
  } finally {
    team.close();
  }
}

Deno.test("a Worker that dies ends the wait with its message, never a hang", async () => {
  const team = new EngineTeam(
    plan(),
    new URL('data:text/javascript,onmessage = () => { throw new Error("out of tea"); };'),
  );
  try {
    await assert.rejects(team.open(), /the training Worker died: .*out of tea/);
  } finally {
    team.close();
  }
});

Deno.test("a Worker that hears no stop is ended after its grace", async () => {
  const deaf = `onmessage = ({ data }) => data.kind === "open" && postMessage({ kind: "opened" });`;
  const team = new EngineTeam(plan(), new URL(`data:text/javascript,${deaf}`));
  try {
    await team.open();
    assert.equal(await team.run({} as RunJob, () => {}, AbortSignal.abort()), false);
  } finally {
    team.close();
  }
});

Deno.test("a run that cannot begin says so in its journal", async () => {
  const [end] = await messagesOf({
    config: { model: { name: "vgg", options: {} }, batch: 1 },
    evaluation: { batch: 1, count: 1 },
    final: { count: 1 },
  });
  assert.ok(end?.kind === "journal" && end.event.event === "end");
  assert.deepEqual([end.event.status, /"vgg"/.test(end.event.message ?? "")], ["failed", true]);
});

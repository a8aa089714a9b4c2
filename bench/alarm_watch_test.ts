import assert from "node:assert/strict";
import { wasmEngine } from "../backends/wasm.ts";
import { NotingClock, smokeJob, smokeRun } from "./_smoke_run.ts";
import { EngineTeam } from "./engine_team.ts";
import type { JournalEvent } from "./journal.ts";
import type { FromWorker } from "./run_job.ts";

const WATCHED = 'alarm={"count":512}';
const ENOUGH = ["data.options.validation=512", "evaluation.everyExamples=256"];

Deno.test("an adversarial run is attacked with PGD-10 and FGSM after each whole epoch, while the clock stands", async () => {
  const engine = await wasmEngine.open();
  const { events, points, warnings } = await smokeRun({
    engine,
    label: "pgd-3",
    set: [WATCHED, ...ENOUGH, "runs.*.epochs=2.5", "data.options.train=96"],
  });
  const alarms = events.filter((event) => event.event === "alarm");
  assert.deepEqual(alarms.map(({ point: { epoch, step } }) => [epoch, step]), [[1, 3], [2, 6]]);
  for (const { point, clock } of alarms) {
    assert.equal(clock, "evaluation");
    assert.equal(point.attack, "PGD-10, L∞ ε=0.1, α=0.025, 1 restart, random start");
    for (const { accuracy, correct, count } of [point.pgd, point.fgsm]) {
      assert.equal(count, 512);
      assert.equal(accuracy, correct / count);
    }
    assert.ok(point.pgd.correct <= point.fgsm.correct, "more steps fool more images of a net this small");
  }
  assert.equal(points.length, 1, "the alarm makes no point of the curve");
  assert.deepEqual(warnings, ["few-images"]);
});

/** A clock on made-up time: a second a training step, half a second for each batch that is judged. */
async function timedRun(alarm: string) {
  let milliseconds = 0;
  const { points, saved, end, events } = await smokeRun({
    engine: await wasmEngine.open(),
    label: "pgd-3",
    set: [...ENOUGH, "runs.*.epochs=2", alarm],
    clock: new NotingClock(() => milliseconds),
    observe: ({ kind }) => milliseconds += kind === "step" ? 1000 : 500,
  });
  const { evaluationSeconds, trainSeconds } = end.cost!;
  return {
    untouched: {
      trainSeconds: [trainSeconds, ...points.map((point) => point.trainSeconds)],
      judged: points.map(({ clean, robust: [row] }) => [clean.correct, row!.correct]),
      weights: saved.map(({ kind, weightsSha256 }) => [kind, weightsSha256]),
    },
    evaluationSeconds,
    alarms: events.filter(({ event }) => event === "alarm").length,
  };
}

Deno.test("the alarm changes neither weights nor accuracies nor training seconds, only those of evaluation", async () => {
  const watched = await timedRun(WATCHED), unwatched = await timedRun("alarm=null");
  assert.deepEqual([watched.alarms, unwatched.alarms], [2, 0]);
  assert.equal(watched.untouched.trainSeconds[0], 16);
  assert.deepEqual(watched.untouched, unwatched.untouched);
  assert.ok(watched.evaluationSeconds > unwatched.evaluationSeconds);
});

Deno.test("a run without enough validation images is not watched and says so; a natural run needs none", async () => {
  const of = async (label: string, alarm: string) => await smokeRun({ label, set: [alarm] });
  const [adversarial, natural] = [await of("pgd-3", WATCHED), await of("natural", WATCHED)];
  assert.deepEqual([adversarial.warnings, natural.warnings], [["few-images", "not-watched"], ["few-images"]]);
  for (const { events } of [adversarial, natural]) assert.ok(events.every(({ event }) => event !== "alarm"));
  assert.deepEqual((await of("pgd-3", "alarm=null")).warnings, ["few-images"]);
});

/** What a team of so many workers writes down of a run. */
async function journalOf(workers: number): Promise<JournalEvent[]> {
  const team = new EngineTeam({ engine: "wasm", precision: "f32", workers, shards: 8, reason: "a test" });
  const events: JournalEvent[] = [];
  const hear = (message: FromWorker): void => {
    if (message.kind === "journal") events.push(message.event);
  };
  try {
    await team.open();
    const job = await smokeJob({ label: "yopo-3-2", set: [WATCHED, ...ENOUGH] });
    await team.run(job, hear, new AbortController().signal);
    return events;
  } finally {
    team.close();
  }
}

Deno.test("two workers share the images of the alarm and find what one finds", async () => {
  const alarmsOf = async (workers: number) => (await journalOf(workers)).filter(({ event }) => event === "alarm");
  const alone = await alarmsOf(1);
  assert.equal(alone.length, 1);
  assert.deepEqual(await alarmsOf(2), alone);
});

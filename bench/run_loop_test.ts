import assert from "node:assert/strict";
import { cpuEngine } from "../backends/cpu.ts";
import { type ClockName, RunClock } from "./clock.ts";
import type { JournalEvent } from "./journal.ts";
import { loadSuite } from "./load_suite.ts";
import { planRuns } from "./run_config.ts";
import type { SavedWeights } from "./run_job.ts";
import { runTraining } from "./run_loop.ts";

/** A clock that notes each switch. */
class NotingClock extends RunClock {
  readonly switches: ClockName[] = [];

  override switchTo(name: ClockName): ClockName {
    this.switches.push(name);
    return super.switchTo(name);
  }

  get running(): ClockName {
    return this.switches.at(-1)!;
  }
}

/** Runs the first run of the smoke suite with these changes on the cpu engine. */
async function train(...set: string[]) {
  const suite = await loadSuite("smoke", { set: ["runs.*.epochs=1", "evaluation.everyExamples=64", ...set] });
  const clock = new NotingClock(), events: (JournalEvent & { clock: ClockName })[] = [], saved: SavedWeights[] = [];
  const { evaluation, final, targets } = suite;
  const job = {
    config: planRuns(suite)[0]!.config,
    evaluation,
    final,
    targets,
    label: "natural",
    engineReason: "a test",
    cache: "unused",
  };
  await runTraining(await cpuEngine.open(), job, {
    clock,
    journal: (event) => events.push({ ...event, clock: clock.running }),
    saveWeights: (weights) => saved.push(weights),
    progress: () => {},
    shouldStop: () => false,
  });
  const points = events.flatMap((event) => event.event === "point" ? [event.point] : []);
  const end = events.at(-1)!;
  assert.ok(end.event === "end");
  return { clock, events, points, saved, end };
}

Deno.test("the training clock runs while data load and steps are taken, and stands still for anything else", async () => {
  const { clock, events, points, end } = await train();
  assert.equal(points.length, 4);
  const aroundPoint: ClockName[] = ["evaluation", "checkpoint", "evaluation", "train"];
  assert.deepEqual(clock.switches, [
    ...["warmUp", "idle", "train", "idle", "train"] satisfies ClockName[],
    ...points.flatMap(() => aroundPoint),
    ...["evaluation", "checkpoint", "evaluation"] satisfies ClockName[],
  ]);
  for (const { event, clock: during } of events) {
    if (event === "point" || event === "final") assert.equal(during, "evaluation");
    if (event === "data") assert.equal(during, "idle");
  }
  const { loadSeconds, trainSeconds, wallSeconds } = end.cost!;
  assert.ok(0 < loadSeconds && loadSeconds < trainSeconds && trainSeconds < wallSeconds);
});

Deno.test("the best weights are the latest of those that are equally good", async () => {
  const { points, saved } = await train("threat.epsilon=0.95", "evaluation.attack.options.stepSize=0.95");
  assert.ok(points.every((point) => point.robust[0]!.correct === 0), "nothing resists this attack");
  const cleanest = Math.max(...points.map((point) => point.clean.correct));
  const latest = points.findLast((point) => point.clean.correct === cleanest)!;
  assert.equal(saved.find(({ kind }) => kind === "best")!.step, latest.step);
});

Deno.test("a crossing's weights are those of the first of the two evaluations, saved once", async () => {
  const { points, saved } = await train("targets=[0]");
  const crossings = saved.filter(({ kind }) => kind === "crossing");
  assert.deepEqual(crossings.map(({ target, step }) => [target, step]), [[0, points[0]!.step]]);
});

Deno.test("a closing evaluation that comes before the cadence confirms no target", async () => {
  const { points, saved } = await train("runs.*.epochs=0.5", "evaluation.everyExamples=96", "targets=[0]");
  assert.deepEqual(points.map((point) => point.examples), [96, 128]);
  assert.equal(saved.filter(({ kind }) => kind === "crossing").length, 0);
});

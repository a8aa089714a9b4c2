/** A run that goes on from a checkpoint is the run that was never interrupted, bit for bit. */

import assert from "node:assert/strict";
import { smokeRun } from "./_smoke_run.ts";

type Smoke = Awaited<ReturnType<typeof smokeRun>>;

/** Without what a clock says. */
const untimed = (value: unknown) => JSON.stringify(value, (key, part) => /[sS]econds$/.test(key) ? undefined : part);

/** What a run found: points by step, alarms, final rows, hashes of kept weights; the last word on each counts. */
function findings(...attempts: readonly Smoke[]): string {
  const events = attempts.flatMap((attempt) => attempt.events).filter(({ event }) =>
    ["point", "alarm", "final"].includes(event)
  );
  const saved = attempts.flatMap((attempt) => attempt.saved);
  const last = new Map<string, unknown>();
  for (const { clock: _, ...event } of events) {
    if (event.event === "point" || event.event === "alarm") last.set(`${event.event} ${event.point.step}`, event);
    if (event.event === "final") last.set(`final ${event.which} ${event.target}`, event);
  }
  for (const { kind, target, step, weightsSha256 } of saved) last.set(`${kind} ${target}`, { step, weightsSha256 });
  return untimed([...last].sort(([a], [b]) => a < b ? -1 : 1));
}

/** Runs whose state differs in kind. */
const runs: readonly { readonly name: string; readonly set: readonly string[]; readonly label?: string }[] = [
  { name: "adam", set: [] },
  {
    name: "sgd with momentum and a scheduled rate",
    set: [
      'runs.*.optimizer={"kind":"sgd","momentum":0.9,"learningRate":0.05,"schedule":{"kind":"cyclic"}}',
    ],
  },
  {
    name: "Free-3, which carries its perturbation on",
    set: ['runs.*.method={"name":"free-3","options":{"epsilon":0.1}}'],
  },
  {
    name: "YOPO with an optimizer of its own for the first layer",
    label: "yopo-3-2",
    set: [
      'runs.*.firstLayerOptimizer={"kind":"sgd","learningRate":0.01,"schedule":{"kind":"constant"}}',
    ],
  },
  { name: "augmented batches", set: ["augmentation=crop-flip"] },
  { name: "targets on the way", set: ["targets=[0.01,0.3]", "runs.*.epochs=2"] },
];

for (const { name, ...run } of runs) {
  Deno.test(`a run goes on from any checkpoint as if nothing had happened: ${name}`, async () => {
    const whole = await smokeRun(run);
    assert.equal(whole.end.status, "completed", String(whole.end.message));
    const often = await smokeRun({ ...run, checkpointSeconds: 1e-9 });
    assert.equal(findings(often), findings(whole), "checkpoints change nothing");
    const written = often.checkpoints.filter(({ write }) => write);
    assert.ok(written.length >= 3);
    for (const { bytes, step } of [written[0]!, written[Math.floor(written.length / 2)]!, written.at(-1)!]) {
      const rest = await smokeRun({ ...run, checkpoint: bytes });
      assert.equal(rest.end.status, "completed", String(rest.end.message));
      const before = {
        ...often,
        saved: often.saved.filter(({ kind }) => kind === "crossing"),
        events: often.events.filter((event) => wasBefore(event, step)),
      };
      assert.equal(findings(before, rest), findings(whole), `from step ${step}`);
      assert.equal(rest.end.cost?.fullPassesPerStep, whole.end.cost?.fullPassesPerStep);
    }
  });
}

function wasBefore(event: Smoke["events"][number], step: number): boolean {
  return (event.event === "point" || event.event === "alarm") && event.point.step <= step;
}

Deno.test("a run that is stopped anywhere leaves a checkpoint, and the rest makes it whole", async () => {
  const run = { set: ["runs.*.epochs=2"], label: "yopo-3-2" };
  let asked = 0;
  const whole = await smokeRun({ ...run, shouldStop: () => ++asked < 0 });
  for (const stopAt of [3, Math.floor(asked * 0.4), Math.floor(asked * 0.7), asked - 1]) {
    let left = stopAt;
    const stopped = await smokeRun({ ...run, shouldStop: () => --left < 0 });
    assert.equal(stopped.end.status, "interrupted", `stopped at question ${stopAt} of ${asked}`);
    const checkpoint = stopped.checkpoints.findLast(({ write }) => write);
    const rest = await smokeRun({ ...run, ...checkpoint ? { checkpoint: checkpoint.bytes } : {} });
    assert.equal(findings(stopped, rest), findings(whole), `stopped at question ${stopAt} of ${asked}`);
  }
});

Deno.test("the clocks of a run that goes on begin where the earlier attempt's were", async () => {
  const first = await smokeRun({ checkpointSeconds: 1e-9 });
  const rest = await smokeRun({ checkpoint: first.checkpoints.at(-1)!.bytes });
  const before = first.points.at(-1)!, { cost } = rest.end;
  assert.ok(cost!.trainSeconds >= before.trainSeconds && cost!.wallSeconds >= before.wallSeconds);
  assert.equal(cost!.loadSeconds, first.end.cost!.loadSeconds, "loading the data once more is not training");
});

import assert from "node:assert/strict";
import { apartFromCheckpoints, smokeRun } from "./_smoke_run.ts";
import type { ClockName } from "./clock.ts";
import type { ProgressEvent } from "./progress.ts";

const train = (...set: string[]) => smokeRun({ set });

Deno.test("the training clock runs while data load and steps are taken, and stands still for anything else", async () => {
  const { clock, events, points, end } = await train();
  assert.equal(points.length, 4);
  const aroundPoint: ClockName[] = ["evaluation", "checkpoint", "evaluation", "train"];
  assert.deepEqual(apartFromCheckpoints(clock.switches), [
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

Deno.test("replays of a batch are optimizer steps of their own, and their examples count once", async () => {
  const steps: Extract<ProgressEvent, { kind: "step" }>[] = [];
  const { points, end, events } = await smokeRun({
    label: "pgd-3",
    set: [
      ...['runs.pgd-3.method={"name":"free-3"}', "data.options.train=80", "runs.*.epochs=2"],
      'runs.pgd-3.optimizer={"kind":"sgd","learningRate":0.01,"schedule":{"kind":"cyclic"}}',
    ],
    observe: (event) => event.kind === "step" && steps.push(event),
  });
  const data = events.find(({ event }) => event === "data");
  assert.ok(data?.event === "data");
  assert.equal(data.totalSteps, 2 * 3 * 3, "epochs by batches by replays");
  assert.deepEqual(steps.map(({ step }) => step), [3, 6, 9, 12, 15, 18], "told once a batch");
  assert.deepEqual(steps.map(({ stepInEpoch, stepsPerEpoch }) => `${stepInEpoch}/${stepsPerEpoch}`), [
    ...["3/9", "6/9", "9/9", "3/9", "6/9", "9/9"],
  ]);
  assert.deepEqual(points.map(({ examples, step, epoch }) => [examples, step, epoch]), [
    ...[[64, 6, 2 / 3], [144, 15, 5 / 3], [160, 18, 2]],
  ]);
  assert.equal(points.at(-1)!.passes.full, 18);
  const { stepsPerEpoch, fullPassesPerStep } = end.cost!;
  assert.deepEqual([end.status, stepsPerEpoch, fullPassesPerStep], ["completed", 9, 1]);
});

Deno.test("the strong attack judges each kept weights once, on the first of the final images", async () => {
  const { events, saved } = await train('strong={"attack":{"name":"apgd-ce","options":{"steps":3}},"count":20}');
  const finals = events.flatMap((event) => event.event === "final" ? [event] : []);
  const crossings = saved.filter(({ kind }) => kind === "crossing");
  assert.ok(crossings.length > 0, "a target is crossed, else nothing is shown");
  assert.deepEqual(finals.map(({ which, target }) => [which, target]), [
    ["last", null],
    ["best", null],
    ...crossings.map(({ target }) => ["crossing", target]),
  ]);
  for (const { which, step, weightsSha256, robust, clean } of finals) {
    const kept = saved.find((weights) => weights.step === step && weights.kind === which)!;
    assert.equal(weightsSha256, kept.weightsSha256);
    const strong = robust.at(-1)!;
    assert.match(strong.attack, /^apgd-ce-/);
    assert.equal(strong.count, 20);
    assert.equal(robust.length, which === "crossing" ? 1 : 3, "crossings meet the strong attack alone");
    assert.equal(clean.count, which === "crossing" ? 20 : 64);
    assert.ok(strong.correctBits !== undefined && clean.correctBits !== undefined);
  }
  const ofStep = Map.groupBy(finals, ({ step }) => step);
  for (const same of ofStep.values()) {
    assert.equal(
      new Set(same.map(({ robust }) => JSON.stringify(robust.at(-1)))).size,
      1,
      "judged once, seconds and all",
    );
  }
});

Deno.test("without a strong attack crossings are kept and not judged", async () => {
  const { events, saved } = await train("strong=null", "targets=[0]");
  assert.ok(saved.some(({ kind }) => kind === "crossing"));
  assert.ok(events.every((event) => event.event !== "final" || event.which !== "crossing"));
});

Deno.test("more attacks on the cadence have rows in every point, and the first one judges the targets", async () => {
  const { points } = await train('evaluation.alsoAttacks=[{"name":"fgsm"}]');
  for (const { robust } of points) {
    assert.deepEqual(robust.map(({ attack }) => attack.replace(/-[0-9a-f]{8}$/, "")), ["pgd-5", "fgsm"]);
    assert.ok(
      robust.every(({ correctBits }) => correctBits === undefined),
      "curves do not say what became of each image",
    );
  }
});

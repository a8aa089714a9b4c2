import assert from "node:assert/strict";
import { cpuEngine } from "../backends/cpu.ts";
import { costConfig } from "./cost_config.ts";
import { StepPhases } from "./step_phases.ts";
import { madeUpBatch, trainBatch } from "./train_step.ts";
import { createTrainer, disposeTrainer } from "./trainer.ts";

/** A stopwatch on a clock that stands still but for what a test adds. */
function fake() {
  const clock = { now: 100, waited: 7, settled: 0 };
  const phases = new StepPhases({
    now: () => clock.now,
    waited: () => clock.waited,
    settle: () => void (clock.settled += 1),
  });
  return { clock, phases };
}

Deno.test("StepPhases sums each phase, also where it comes back", () => {
  const { clock, phases } = fake();
  for (const [phase, seconds] of [["data", 1], ["attack", 2], ["weightGradients", 4], ["attack", 8]] as const) {
    phases.switchTo(phase);
    clock.now += seconds;
  }
  assert.deepEqual(phases.take(), { data: 1, attack: 10, weightGradients: 4, optimizer: 0, wait: 0 });
  assert.equal(clock.settled, 5);
});

Deno.test("StepPhases takes waiting out of the phase that it happened in", () => {
  const { clock, phases } = fake();
  phases.switchTo("weightGradients");
  clock.now += 5;
  clock.waited += 2;
  assert.deepEqual(phases.take(), { data: 0, attack: 0, weightGradients: 3, optimizer: 0, wait: 2 });
});

Deno.test("StepPhases counts nothing between take() and the next phase", () => {
  const { clock, phases } = fake();
  phases.switchTo("optimizer");
  clock.now += 1;
  phases.take();
  clock.now += 50;
  clock.waited += 50;
  phases.switchTo("data");
  clock.now += 3;
  assert.deepEqual(phases.take(), { data: 3, attack: 0, weightGradients: 0, optimizer: 0, wait: 0 });
});

/** Phases that a step of each method goes through. */
const ATTACKED = ["data", "attack", "weightGradients", "optimizer"];
const ROUND = ["weightGradients", "attack", "weightGradients"];
const sequences: Record<string, readonly string[]> = {
  "natural": ["data", "weightGradients", "optimizer"],
  "fgsm": ATTACKED,
  "fgsm-rs": ATTACKED,
  "pgd-2": ATTACKED,
  "yopo-2-3": ["data", "attack", ...ROUND, ...ROUND, "optimizer"],
};

Deno.test("trainBatch() tells the phases of each method", async () => {
  const engine = await cpuEngine.open();
  for (const [method, expected] of Object.entries(sequences)) {
    const trainer = createTrainer(
      engine,
      costConfig({
        model: { name: "tiny-cnn", options: {} },
        method: { name: method, options: {} },
        threat: { norm: "linf", epsilon: 0.1 },
        batch: 2,
        steps: 1,
      }),
    );
    const heard: (string | null)[] = [];
    const { phases } = fake(), switchTo = phases.switchTo.bind(phases);
    phases.switchTo = (phase) => {
      heard.push(phase);
      switchTo(phase);
    };
    const position = { epoch: 0, step: 0, stepsPerEpoch: 1, totalSteps: 1 };
    await trainBatch(trainer, madeUpBatch(trainer, 0), position, phases);
    disposeTrainer(trainer);
    assert.deepEqual(heard, expected, method);
  }
});

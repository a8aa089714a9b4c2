/** One run from start to end. The clock is switched in plain sight: `train` runs from the first touch of training data
 *  and stops while anything else is done. @module */

import type { Engine } from "../backends/engine.ts";
import { epochBatches } from "../data/batches.ts";
import { dataSha256 } from "../data/hash.ts";
import { parameterCount } from "../models/weights.ts";
import { loopsInClosedForm } from "./closed_form.ts";
import { Diverged, Stopped } from "./evaluation.ts";
import { checkBatchFits } from "./fit_batch.ts";
import { engineRecord } from "./run_config.ts";
import { RunJudge } from "./run_judge.ts";
import type { RunJob } from "./run_job.ts";
import { type Course, loadCourse, type Run, type RunHost } from "./run_state.ts";
import { madeUpBatch, trainBatch } from "./train_step.ts";
import { createTrainer, disposeTrainer } from "./trainer.ts";

type EndStatus = "completed" | "diverged" | "failed" | "interrupted";

/** Runs the job; how it ended is the journal's last event. */
export async function runTraining(engine: Engine, job: RunJob, host: RunHost): Promise<void> {
  let run: Run | undefined, course: Course | undefined, peakMemoryBytes = 0;
  const sampleMemory = (): void => {
    peakMemoryBytes = Math.max(peakMemoryBytes, Deno.memoryUsage().rss);
  };
  const end = (status: EndStatus, message: string | null): void => {
    sampleMemory();
    const cost = run && course
      ? { ...run.record.cost(host.clock, course.stepsPerEpoch), innerLoopInClosedForm: loopsInClosedForm(run) }
      : null;
    host.journal({ event: "end", status, message, peakMemoryBytes, loadAverage: null, cost });
  };
  try {
    await host.clock.during("warmUp", () => warmUp(engine, job));
    run = { ...createTrainer(engine, job.config), job, host };
    host.clock.switchTo("train");
    course = await loadCourse(run);
    run.record.loadSeconds = host.clock.seconds("train");
    await host.clock.during("idle", () => announce(run!, course!));
    const judge = new RunJudge(run, course);
    await train(run, course, judge, sampleMemory);
    host.clock.switchTo("evaluation");
    await judge.final();
    end("completed", null);
  } catch (error) {
    if (error instanceof Stopped) end("interrupted", "stopped before its end");
    else if (error instanceof Diverged) end("diverged", error.message);
    else end("failed", (error as Error).message);
  }
}

/** Refuses a batch that does not fit; then one step on a made-up batch, thrown away, so that compiling and growing the heap are not timed as training. */
async function warmUp(engine: Engine, { config, evaluation, final }: RunJob): Promise<void> {
  await checkBatchFits(engine, config, Math.min(evaluation.batch, Math.max(evaluation.count, final.count)));
  const trainer = createTrainer(engine, config);
  try {
    await trainBatch(trainer, madeUpBatch(trainer, 0), { epoch: 0, step: 0, stepsPerEpoch: 1, totalSteps: 1 });
    await engine.synchronize();
  } finally {
    disposeTrainer(trainer);
  }
}

/** Writes down what the run stands on. Not training: hashing is for the record. */
function announce({ engine, model, host, job }: Run, { dataset, judged, totalSteps }: Course): void {
  const { validation, final } = judged;
  const record = { ...engineRecord(engine), reason: job.engineReason };
  host.journal({ event: "engine", engine: record, warmUpSeconds: host.clock.seconds("warmUp") });
  host.journal({
    event: "data",
    dataSha256: dataSha256({ shape: dataset.shape, train: dataset.train, validation, final }),
    counts: {
      train: dataset.train.labels.length,
      validation: validation.labels.length,
      final: final.labels.length,
    },
    splits: { evaluation: validation.name, final: final.name },
    totalSteps,
    parameters: parameterCount(model),
  });
}

/** @throws {Stopped|Diverged} */
async function train(run: Run, course: Course, judge: RunJudge, sampleMemory: () => void): Promise<void> {
  const { job, host, record, engine } = run;
  const { batch: batchSize, seed, epochs } = job.config;
  const { dataset, stepsPerEpoch, totalSteps } = course;
  for (let epoch = 0; record.step < totalSteps; epoch++) {
    for (const batch of epochBatches(dataset.train, { seed, epoch, batchSize })) {
      if (host.shouldStop()) throw new Stopped();
      const before = record.examples;
      const loss = await trainBatch(run, batch, { epoch, step: record.step, stepsPerEpoch, totalSteps });
      sampleMemory();
      host.progress({
        kind: "step",
        step: record.step,
        totalSteps,
        epoch,
        epochs,
        stepInEpoch: record.step - epoch * stepsPerEpoch,
        stepsPerEpoch,
        loss,
        trainSeconds: host.clock.seconds("train"),
      });
      if (judge.isDue(before) || record.step >= totalSteps) {
        await engine.synchronize();
        await host.clock.during("evaluation", () => judge.point());
      }
      if (record.step >= totalSteps) return;
    }
  }
}

/** One run from start to end. The clock is switched in plain sight: `train` runs from the first touch of training data
 *  and stops while anything else is done. @module */

import type { Engine } from "../backends/engine.ts";
import { dataSha256 } from "../data/hash.ts";
import { parameterCount } from "../models/weights.ts";
import { AlarmWatch } from "./alarm_watch.ts";
import { openBatches, startBatchWorker } from "./batch_source.ts";
import { loopsInClosedForm } from "./closed_form.ts";
import { Diverged, Stopped } from "./evaluation_task.ts";
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
  let run: Run | undefined, course: Course | undefined, batchWorker: Worker | null = null, peakMemoryBytes = 0;
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
    batchWorker = await host.clock.during("warmUp", () => warmUp(engine, job));
    run = { ...createTrainer(engine, job.config), job, host };
    host.clock.switchTo("train");
    course = await loadCourse(run);
    run.record.loadSeconds = host.clock.seconds("train");
    await host.clock.during("idle", () => announce(run!, course!));
    const judge = new RunJudge(run, course), alarm = new AlarmWatch(run, course);
    await train(run, course, { judge, alarm, batchWorker, sampleMemory });
    host.clock.switchTo("evaluation");
    await judge.final();
    end("completed", null);
  } catch (error) {
    if (error instanceof Stopped) end("interrupted", "stopped before its end");
    else if (error instanceof Diverged) end("diverged", error.message);
    else end("failed", (error as Error).message);
  } finally {
    batchWorker?.terminate();
  }
}

/** Refuses a batch that does not fit; then one step on a made-up batch, thrown away, so that compiling and growing the heap
 *  are not timed as training. @returns What will make the batches, where that is not this Worker. */
async function warmUp(engine: Engine, { config, evaluation, final, alarm }: RunJob): Promise<Worker | null> {
  const mostJudged = Math.max(evaluation.count, final.count, alarm?.count ?? 0);
  await checkBatchFits(engine, config, Math.min(evaluation.batch, mostJudged));
  const trainer = createTrainer(engine, config), { stepsPerBatch } = trainer.method;
  const position = { epoch: 0, step: 0, stepsPerEpoch: stepsPerBatch, totalSteps: stepsPerBatch };
  try {
    await trainBatch(trainer, madeUpBatch(trainer, 0), position);
    await engine.synchronize();
  } finally {
    disposeTrainer(trainer);
  }
  return await startBatchWorker(config);
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

/** What stands around the training of a run. */
interface Surroundings {
  /** Who looks at it between its batches. */
  readonly judge: RunJudge;
  readonly alarm: AlarmWatch;
  readonly batchWorker: Worker | null;
  readonly sampleMemory: () => void;
}

/** @throws {Stopped|Diverged} */
async function train(run: Run, course: Course, around: Surroundings): Promise<void> {
  const { host, record, engine } = run, { stepsPerEpoch, totalSteps } = course;
  const { judge, alarm, sampleMemory } = around;
  const source = openBatches(run, course, around.batchWorker);
  // What works ahead comes to rest on the training clock, so that nothing is prepared while that stands.
  const stopClock = async (look: () => Promise<void>): Promise<void> => {
    await engine.synchronize();
    await source.settle();
    await host.clock.during("evaluation", look);
  };
  try {
    for (let next = await source.next(); next !== undefined; next = await source.next()) {
      if (host.shouldStop()) throw new Stopped();
      const { batch, epoch } = next, before = record.examples;
      const loss = await trainBatch(run, batch, { epoch, step: record.step, stepsPerEpoch, totalSteps });
      sampleMemory();
      tellProgress(run, course, { epoch, loss });
      if (judge.isDue(before)) await stopClock(() => judge.point());
      if (alarm.isDue()) await stopClock(() => alarm.look());
    }
  } finally {
    record.dataWaitSeconds = source.waitSeconds;
    source.close();
  }
}

function tellProgress(
  { host, record, job }: Run,
  { stepsPerEpoch, totalSteps }: Course,
  { epoch, loss }: { readonly epoch: number; readonly loss: number },
): void {
  host.progress({
    kind: "step",
    step: record.step,
    totalSteps,
    epoch,
    epochs: job.config.epochs,
    stepInEpoch: record.step - epoch * stepsPerEpoch,
    stepsPerEpoch,
    loss,
    trainSeconds: host.clock.seconds("train"),
  });
}

/** One run from start to end. The clock is switched in plain sight: `train` runs from the first touch of training data
 *  and stops while anything else is done. @module */

import type { Engine } from "../backends/engine.ts";
import { dataSha256 } from "../data/hash.ts";
import { parameterCount } from "../models/weights.ts";
import { AlarmWatch } from "./alarm_watch.ts";
import { openBatches, startBatchWorker } from "./batch_source.ts";
import { decodeCheckpoint } from "./checkpoint.ts";
import { CheckpointCadence } from "./checkpoint_cadence.ts";
import { loopsInClosedForm } from "./closed_form.ts";
import { Diverged, Stopped } from "./evaluation_task.ts";
import { checkBatchFits } from "./fit_batch.ts";
import { putCheckpoint, type Watchers } from "./run_checkpoint.ts";
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
    // An attempt that goes on loads the data once more: that is none of the run's own time.
    host.clock.switchTo(job.checkpoint === null ? "train" : "idle");
    course = await loadCourse(run);
    run.record.loadSeconds = host.clock.seconds("train");
    await host.clock.during("idle", () => announce(run!, course!));
    const judge = new RunJudge(run, course), alarm = new AlarmWatch(run, course);
    const examplesBefore = goOn(run, { judge, alarm });
    await train(run, course, { judge, alarm, batchWorker, sampleMemory, examplesBefore });
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

/** Puts the checkpoint in the run, where there is one. @returns Training examples before its last step. */
function goOn(run: Run, watchers: Watchers): number {
  if (run.job.checkpoint === null) return 0;
  const checkpoint = decodeCheckpoint(run.job.checkpoint, "the checkpoint");
  putCheckpoint(run, watchers, checkpoint);
  run.host.clock.switchTo("train");
  return checkpoint.state.examplesBefore;
}

/** What stands around the training of a run. */
interface Surroundings extends Watchers {
  readonly batchWorker: Worker | null;
  readonly sampleMemory: () => void;
  /** Training examples before the step at which an earlier attempt ended; 0 where there was none. */
  readonly examplesBefore: number;
}

/** @throws {Stopped|Diverged} */
async function train(run: Run, course: Course, around: Surroundings): Promise<void> {
  const { host, record, engine } = run, { stepsPerEpoch, totalSteps } = course;
  const { judge, alarm, sampleMemory } = around, waitedBefore = record.dataWaitSeconds;
  const source = openBatches(run, course, around.batchWorker);
  // What works ahead comes to rest on the training clock, so that nothing is prepared while that stands.
  const rest = async (): Promise<void> => {
    await engine.synchronize();
    await source.settle();
    record.dataWaitSeconds = waitedBefore + source.waitSeconds;
  };
  const checkpoints = new CheckpointCadence(run, { judge, alarm }, rest);
  let before = around.examplesBefore;
  try {
    if (record.step > 0) await lookAround(); // what was due when the earlier attempt ended
    for (let next = await source.next(); next !== undefined; next = await source.next()) {
      if (host.shouldStop()) throw new Stopped();
      const { batch, epoch } = next, began = performance.now();
      before = record.examples;
      const loss = await trainBatch(run, batch, { epoch, step: record.step, stepsPerEpoch, totalSteps });
      const seconds = (performance.now() - began) / 1000;
      sampleMemory();
      tellProgress(run, course, { epoch, loss });
      await lookAround();
      await checkpoints.afterBatch(before, seconds);
    }
    await checkpoints.write(before);
  } catch (error) {
    if (error instanceof Stopped && record.step > 0) await checkpoints.write(before);
    throw error;
  } finally {
    source.close();
  }

  /** Judges what is due after the last batch and not done yet. */
  async function lookAround(): Promise<void> {
    const isPointDue = judge.isDue(before) && judge.lastStep < record.step;
    const isAlarmDue = alarm.isDue() && alarm.lastStep < record.step;
    if (!isPointDue && !isAlarmDue) return;
    await checkpoints.hand(before);
    await rest();
    if (isPointDue) await host.clock.during("evaluation", () => judge.point());
    if (isAlarmDue) await host.clock.during("evaluation", () => alarm.look());
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

/** A run's state taken out of it, and put into a run that has just begun. Draws need no state: they are functions of seed,
 *  step and image. @module */

import * as tf from "@tensorflow/tfjs";
import type { AlarmWatch } from "./alarm_watch.ts";
import type { Checkpoint, TensorGroup } from "./checkpoint.ts";
import type { RunJudge } from "./run_judge.ts";
import type { Run } from "./run_state.ts";

/** What has state of its own besides the trainer. */
export interface Watchers {
  readonly judge: RunJudge;
  readonly alarm: AlarmWatch;
}

/** The state after the last whole step. @param examplesBefore Training examples before that step. */
export async function takeCheckpoint(
  { record, parameters, optimizer, methodState, host }: Run,
  { judge, alarm }: Watchers,
  examplesBefore: number,
): Promise<Checkpoint> {
  const judged = judge.save();
  return {
    state: {
      record: record.save(),
      examplesBefore,
      clock: host.clock.save(),
      judge: judged.state,
      alarm: alarm.save(),
    },
    groups: new Map<string, TensorGroup>([
      ["parameters", await valuesOf(parameters)],
      ["optimizer", await valuesOf(optimizer.state())],
      ["method", await valuesOf(methodState)],
      ...judged.weights,
    ]),
  };
}

/** @throws {TypeError} When the checkpoint's tensors are not those of the run. */
export function putCheckpoint(run: Run, { judge, alarm }: Watchers, { state, groups }: Checkpoint): void {
  const { record, parameters, optimizer, methodState, host } = run;
  const of = (group: string): TensorGroup => groups.get(group) ?? new Map();
  replaceParameters(parameters, of("parameters"));
  const optimizerState = tensorsOf(of("optimizer"));
  optimizer.restore(optimizerState);
  tf.dispose([...optimizerState.values()]);
  for (const [name, tensor] of tensorsOf(of("method"))) methodState.set(name, tensor);
  record.restore(state.record);
  host.clock.restore(state.clock);
  judge.restore(state.judge, groups);
  alarm.restore(state.alarm);
}

function replaceParameters(parameters: Map<string, tf.Tensor>, group: TensorGroup): void {
  const shapes = (named: ReadonlyMap<string, { readonly shape: readonly number[] }>) =>
    JSON.stringify([...named].map(([name, { shape }]) => [name, shape]));
  if (shapes(parameters) !== shapes(group)) {
    throw new TypeError("Cannot go on from the checkpoint: its parameters are not those of the model");
  }
  for (const [name, tensor] of tensorsOf(group)) {
    parameters.get(name)?.dispose();
    parameters.set(name, tensor);
  }
}

async function valuesOf(tensors: ReadonlyMap<string, tf.Tensor>): Promise<TensorGroup> {
  const entries = await Promise.all([...tensors].map(async ([name, tensor]) => {
    const data = await tensor.data();
    const values = tensor.dtype === "int32" ? BigInt64Array.from(data, BigInt) : Float32Array.from(data);
    return [name, { shape: tensor.shape, values }] as const;
  }));
  return new Map(entries);
}

/** Kept beyond any tf.tidy. */
function tensorsOf(group: TensorGroup): Map<string, tf.Tensor> {
  return new Map([...group].map(([name, { shape, values }]) => {
    const tensor = values instanceof BigInt64Array
      ? tf.tensor(Int32Array.from(values, Number), [...shape], "int32")
      : tf.tensor(values as Float32Array, [...shape]);
    return [name, tf.keep(tensor)];
  }));
}

/** An optimizer together with its learning rate, and the split that YOPO's MNIST recipe uses: one optimizer and
 *  schedule for the first layer, another for the rest. @module */

import type * as tf from "@tensorflow/tfjs";
import { isFirst } from "../models/layers.ts";
import type { Optimizer } from "./optimizer.ts";
import { checkSchedule, learningRateAt, type Schedule, type SchedulePosition } from "./schedules.ts";

/** What the run loop drives: it says where it stands, the rates follow. */
export interface ScheduledOptimizer {
  /** See {@linkcode Optimizer.update}. */
  update(
    parameters: Map<string, tf.Tensor>,
    gradients: ReadonlyMap<string, tf.Tensor>,
    position: SchedulePosition,
  ): void;
  state(): ReadonlyMap<string, tf.Tensor>;
  restore(state: ReadonlyMap<string, tf.Tensor>): void;
  dispose(): void;
}

/** @throws {RangeError} When the learning rate is not above 0 or the schedule is out of range. */
export function scheduled(optimizer: Optimizer, learningRate: number, schedule: Schedule): ScheduledOptimizer {
  if (!(learningRate > 0 && learningRate < Infinity)) {
    throw new RangeError(`Cannot use learning rate ${learningRate}: it must be a number above 0`);
  }
  checkSchedule(schedule);
  return {
    update: (parameters, gradients, position) =>
      optimizer.update(parameters, gradients, learningRateAt(schedule, learningRate, position)),
    state: () => optimizer.state(),
    restore: (state) => optimizer.restore(state),
    dispose: () => optimizer.dispose(),
  };
}

/** `first` for the parameters of f0 (names starting "first."), `rest` for all others. Both start from the same step. */
export function splitFirstLayer(first: ScheduledOptimizer, rest: ScheduledOptimizer): ScheduledOptimizer {
  const parts = [{ prefix: "first/", optimizer: first }, { prefix: "rest/", optimizer: rest }];
  return {
    update(parameters, gradients, position) {
      const entries = [...gradients];
      first.update(parameters, new Map(entries.filter(([name]) => isFirst(name))), position);
      rest.update(parameters, new Map(entries.filter(([name]) => !isFirst(name))), position);
    },
    state: () =>
      new Map(
        parts.flatMap(({ prefix, optimizer }) =>
          [...optimizer.state()].map(([name, value]): [string, tf.Tensor] => [prefix + name, value])
        ),
      ),
    restore(state) {
      for (const { prefix, optimizer } of parts) {
        const own = [...state].filter(([name]) => name.startsWith(prefix));
        optimizer.restore(new Map(own.map(([name, value]) => [name.slice(prefix.length), value])));
      }
    },
    dispose: () => parts.forEach(({ optimizer }) => optimizer.dispose()),
  };
}

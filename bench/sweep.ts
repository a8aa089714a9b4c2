/** One pass over images, shared by a team's workers: what is asked of a batch here is asked of every image once, and every
 *  worker learns every outcome. Outcomes do not depend on batches or workers. @module */

import * as tf from "@tensorflow/tfjs";
import type { AttackBatch } from "../attacks/attack.ts";
import { equalParts } from "../backends/team.ts";
import { batch as gather } from "../data/batches.ts";
import { type EvaluationTask, Stopped } from "./evaluation_task.ts";
import type { OutcomeChunk } from "./outcome_store.ts";

/** What a batch came to, an entry an image. */
export interface BatchOutcome {
  /** 1 and 0 for correct and fooled, or another small integer that the sweep is about. */
  readonly outcomes: ArrayLike<number>;
  readonly predicted: Int32Array;
  /** Images that fool the network, `[fooled · pixels]`, those of outcome 0 in order; empty where nobody wants them. */
  readonly images?: Float32Array;
  readonly maxPerturbation?: number;
  readonly violations?: number;
}

/** A pass and the images that it goes over. */
export interface Sweep {
  /** Name in the store; the same in every attempt. */
  readonly key: string;
  /** What the watcher is told. */
  readonly what: string;
  /** Places in the split. */
  readonly positions: readonly number[];
  readonly judge: (batch: AttackBatch, positions: readonly number[]) => Promise<BatchOutcome>;
}

/** What all images came to. */
export interface SweepOutcome {
  /** By position; absent for images that the sweep did not go over. */
  readonly outcomes: ReadonlyMap<number, number>;
  /** Images of this worker that fool the network, by position; all workers' together are all. */
  readonly images: ReadonlyMap<number, Float32Array>;
  readonly maxPerturbation: number;
  readonly violations: number;
  readonly seconds: number;
}

/** @throws {Stopped} When asked to stop. */
export async function sweep(task: EvaluationTask, asked: Sweep): Promise<SweepOutcome> {
  const { team, store } = task, began = performance.now();
  const known = store?.known(asked.key) ?? [];
  const done = new Set(known.flatMap(({ positions }) => [...positions]));
  const open = asked.positions.filter((position) => !done.has(position));
  const mine = partOf(open, task), chunks: OutcomeChunk[] = [];
  if (mine.length > 0) task.onProgress(asked.what, asked.positions.length - open.length, asked.positions.length);
  for (let first = 0; first < mine.length; first += task.batch) {
    if (task.shouldStop()) throw new Stopped("the evaluation was stopped");
    const positions = mine.slice(first, first + task.batch);
    const chunk = await judgeChunk(task, asked, positions);
    store?.save(asked.key, chunk);
    chunks.push(chunk);
    // The others are about as far.
    const share = (first + positions.length) / mine.length * open.length;
    task.onProgress(asked.what, Math.round(asked.positions.length - open.length + share), asked.positions.length);
  }
  const outcomes = shareOutcomes(task, open, chunks);
  for (const chunk of known) chunk.positions.forEach((position, i) => outcomes.set(position, chunk.outcomes[i]!));
  const [largest, violations] = shareTotals(task, [...chunks, ...team.rank === 0 ? known : []]);
  return {
    outcomes,
    images: imagesByPosition([...chunks, ...partOf(known, task)]),
    maxPerturbation: largest,
    violations,
    seconds: (performance.now() - began) / 1000 + known.reduce((sum, { seconds }) => sum + seconds, 0),
  };
}

/** This worker's part of a list that all workers have. */
export function partOf<T>(list: readonly T[], { team: { rank, size } }: Pick<EvaluationTask, "team">): T[] {
  const [begin, end] = equalParts(list.length, size).slice(rank, rank + 2) as [number, number];
  return list.slice(begin, end);
}

async function judgeChunk(task: EvaluationTask, { judge }: Sweep, positions: readonly number[]): Promise<OutcomeChunk> {
  const began = performance.now();
  const images = gather(task.split, Uint32Array.from(positions));
  const x = tf.tensor4d(images.x, [positions.length, ...task.shape]), y = tf.tensor1d(images.y, "int32");
  try {
    const judged = await judge({ x, y, ids: images.ids }, positions);
    return {
      positions: Uint32Array.from(positions),
      outcomes: Float64Array.from(judged.outcomes),
      predicted: judged.predicted,
      images: judged.images ?? new Float32Array(0),
      maxPerturbation: judged.maxPerturbation ?? 0,
      violations: judged.violations ?? 0,
      seconds: (performance.now() - began) / 1000 / task.team.size,
    };
  } finally {
    tf.dispose([x, y]);
  }
}

/** Every worker's outcomes: each puts those of its part, filled up to the length of the largest. */
function shareOutcomes(
  task: EvaluationTask,
  open: readonly number[],
  chunks: readonly OutcomeChunk[],
): Map<number, number> {
  const { team } = task, bounds = equalParts(open.length, team.size);
  const mine = chunks.flatMap(({ outcomes }) => [...outcomes]);
  const room = Math.ceil(open.length / team.size);
  const gathered = team.allGather([...mine, ...new Array<number>(room - mine.length).fill(0)]);
  return new Map(gathered.flatMap((values, rank) => {
    return open.slice(bounds[rank], bounds[rank + 1]).map((position, i): [number, number] => [position, values[i]!]);
  }));
}

function shareTotals({ team }: EvaluationTask, chunks: readonly OutcomeChunk[]): [number, number] {
  const largest = chunks.reduce((most, chunk) => Math.max(most, chunk.maxPerturbation), 0);
  const violations = chunks.reduce((sum, chunk) => sum + chunk.violations, 0);
  const parts = team.allGather([largest, violations]) as [number, number][];
  return [Math.max(...parts.map(([most]) => most)), parts.reduce((sum, [, some]) => sum + some, 0)];
}

function imagesByPosition(chunks: readonly OutcomeChunk[]): Map<number, Float32Array> {
  const images = new Map<number, Float32Array>();
  for (const { positions, outcomes, images: values } of chunks) {
    const fooled = [...positions].filter((_, i) => outcomes[i] === 0), pixels = values.length / fooled.length;
    if (values.length > 0) {
      fooled.forEach((position, i) => images.set(position, values.subarray(i * pixels, (i + 1) * pixels)));
    }
  }
  return images;
}

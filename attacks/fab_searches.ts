/** All searches of FAB or FAB-T for a batch: target by target, restart by restart, each on the images that still need it,
 *  as in the public AutoAttack code. Croce and Hein 2020, arXiv:1907.02044, section 3.4 on restarts. @module */

import type { RandomStream } from "../random/random.ts";
import type { Draw, ThreatModel } from "./attack.ts";
import { boundariesTo, nearestBoundaries, rankedTargets } from "./fab_boundaries.ts";
import { type FabFound, type FabStepOptions, fabSteps } from "./fab_steps.ts";
import { clip01, type PlainBatch, takeLabels } from "./plain_batch.ts";
import { predictions, type Query, takeRows } from "./query.ts";

/** What is searched. */
export interface FabTask extends Omit<FabStepOptions, "norm"> {
  /** The attack's name; its draws go by it. */
  readonly name: string;
  /** ε only scales the random starts. */
  readonly threat: ThreatModel;
  /** Number of target classes, at most all but the label's; null for a search towards the nearest boundary. */
  readonly targets: number | null;
  readonly restarts: number;
  /** An image with an adversarial one at most so far away is not searched again. */
  readonly enough: number;
}

/** The nearest adversarial image of each; distance 0 where x itself is misclassified, Infinity where none was found. */
export async function fabSearches(batch: PlainBatch, draw: Draw, task: FabTask): Promise<FabFound> {
  const { query, x, ids } = batch;
  const { classes, pixels } = query;
  const clean = await query.logits(x);
  const distances = Float64Array.from(
    predictions(clean, classes),
    (answer, row) => answer === batch.labels[row] ? Infinity : 0,
  );
  const images = x.slice();
  const targets = rankedTargets(clean, batch.labels, classes);
  const steps = { ...task, norm: task.threat.norm };
  for (const { rank, restart } of order(Math.min(task.targets ?? 1, classes - 1), task.restarts)) {
    const rows = Int32Array.from(distances.keys()).filter((row) => distances[row]! > task.enough);
    if (rows.length === 0) break;
    const part = { x: takeRows(x, rows, pixels), labels: takeLabels(batch.labels, rows) };
    const streamOf = (i: number) => draw(`${task.name}-start`, rank, restart, ids[rows[i]!]!);
    const start = restart === 0 ? part.x : randomStarts(part.x, query, task.threat, streamOf);
    const boundaries = task.targets === null
      ? nearestBoundaries(query, part.labels, task.threat.norm)
      : boundariesTo(query, part.labels, rows.map((row) => targets[row]![rank]!));
    const found = await fabSteps(query, { ...part, start }, boundaries, steps);
    rows.forEach((row, i) => {
      if (!(found.distances[i]! < distances[row]!)) return;
      distances[row] = found.distances[i]!;
      images.set(found.images.subarray(i * pixels, (i + 1) * pixels), row * pixels);
    });
  }
  return { images, distances };
}

/** Rank 0 is the class with the largest logit but for the label. */
function* order(targets: number, restarts: number): Generator<{ readonly rank: number; readonly restart: number }> {
  for (let rank = 0; rank < targets; rank++) {
    for (let restart = 0; restart < restarts; restart++) yield { rank, restart };
  }
}

/** Points at ε/2 from the images, clipped to 0..1: a point of a cube scaled to that norm for L∞, a direction for L2. */
function randomStarts(
  x: Float32Array,
  { pixels }: Query,
  { norm, epsilon }: ThreatModel,
  streamOf: (row: number) => RandomStream,
): Float32Array {
  const starts = new Float32Array(x.length), noise = new Float64Array(pixels);
  for (let begin = 0; begin < x.length; begin += pixels) {
    const stream = streamOf(begin / pixels);
    let largest = 0, squares = 0;
    for (let i = 0; i < pixels; i++) {
      const value = norm === "linf" ? stream.uniform(-1, 1) : stream.normal();
      noise[i] = value;
      largest = Math.max(largest, Math.abs(value));
      squares += value * value;
    }
    const scale = epsilon / 2 / (norm === "linf" ? largest : Math.sqrt(squares));
    for (let i = 0; i < pixels; i++) starts[begin + i] = clip01(x[begin + i]! + scale * noise[i]!);
  }
  return starts;
}

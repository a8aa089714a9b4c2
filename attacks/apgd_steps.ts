/** One run of Auto-PGD: Croce and Hein 2020, arXiv:2003.01690, algorithm 1, as in the public AutoAttack code. Each image has
 *  a step size of its own, from 2ε on. At a checkpoint where its loss oscillates, or where its best loss is the one of the
 *  checkpoint before and the step was not halved there, the step is halved and the image returns to its best point; the
 *  next step's momentum is then measured from the point before the return. @module */

import type { ThreatModel } from "./attack.ts";
import { apgdMove, type Standing } from "./apgd_moves.ts";
import { type Checkpoint, checkpoints, oscillates } from "./apgd_schedule.ts";
import { type LogitsLoss, predictions, type Query } from "./query.ts";

/** How the steps are taken. */
export interface ApgdStepOptions {
  readonly threat: ThreatModel;
  readonly steps: number;
  /** ρ: a window with at most this share of increases oscillates. */
  readonly rho: number;
  /** Gradients that each step takes the mean of. */
  readonly eotSamples: number;
  /** Whether an image's run ends at its first misclassified point: whether it is fooled is known then. */
  readonly stopWhenFooled: boolean;
}

/** Where the run begins. */
export interface ApgdImages {
  /** `[batch · pixels]`, in 0..1. */
  readonly x: Float32Array;
  /** `[batch]`. */
  readonly labels: Int32Array;
  /** Shaped like x, inside the ball and in 0..1. */
  readonly start: Float32Array;
}

/** The loss of some rows of the batch, whose logits come in that order. */
export type LossOfRows = (rows: readonly number[]) => LogitsLoss;

/** What became of one image. */
export interface ApgdFound {
  /** The last misclassified point, else the start; `[pixels]`. */
  readonly image: Float32Array;
  /** Steps taken before the first misclassified point, 0 for the start; Infinity where no point was misclassified. */
  readonly fooledAfter: number;
  /** Loss at the start. */
  readonly startLoss: number;
  /** Loss after each step, `[steps]`; 0 for steps that were not taken. */
  readonly losses: Float32Array;
  /** Step size at the end, in pixel values. */
  readonly stepSize: number;
}

/** Runs all images side by side; no image's path depends on the others. */
export async function apgdSteps(
  query: Query,
  images: ApgdImages,
  lossOf: LossOfRows,
  options: ApgdStepOptions,
): Promise<ApgdFound[]> {
  const paths = Array.from(images.labels, (label, row) => newPath(query, images, { row, label, options }));
  const schedule = new Map(checkpoints(options.steps).map((checkpoint) => [checkpoint.after, checkpoint]));
  await look(query, paths, lossOf, { step: 0, ...options });
  for (let step = 1; step <= options.steps; step++) {
    const active = paths.filter(({ fooledAfter }) => !(options.stopWhenFooled && fooledAfter < Infinity));
    if (active.length === 0) break;
    for (const path of active) {
      const next = apgdMove(path, options.threat, step === 1 ? 1 : 0.75);
      path.before = path.point;
      path.point = next;
    }
    await look(query, active, lossOf, { step, ...options });
    const checkpoint = schedule.get(step);
    if (checkpoint !== undefined) active.forEach((path) => lookBack(path, checkpoint, options));
  }
  return paths;
}

/** An image on its way. */
interface Path extends ApgdFound, Standing {
  readonly row: number;
  readonly label: number;
  point: Float32Array;
  before: Float32Array;
  gradient: Float32Array;
  stepSize: number;
  image: Float32Array;
  fooledAfter: number;
  startLoss: number;
  best: { readonly loss: number; readonly point: Float32Array; readonly gradient: Float32Array };
  /** Best loss at the last checkpoint, and whether the step was halved there. */
  checked: { readonly loss: number; readonly halved: boolean };
}

function newPath(
  { pixels }: Query,
  { x, start }: ApgdImages,
  { row, label, options }: { readonly row: number; readonly label: number; readonly options: ApgdStepOptions },
): Path {
  const [begin, end] = [row * pixels, (row + 1) * pixels];
  const point = start.slice(begin, end), gradient = new Float32Array(pixels);
  return {
    row,
    label,
    x: x.subarray(begin, end),
    point,
    before: point,
    gradient,
    stepSize: 2 * Math.fround(options.threat.epsilon),
    image: point,
    fooledAfter: Infinity,
    startLoss: 0,
    losses: new Float32Array(options.steps),
    best: { loss: -Infinity, point, gradient },
    checked: { loss: 0, halved: true },
  };
}

/** Asks the network about where the images stand after `step` steps. */
async function look(
  query: Query,
  paths: readonly Path[],
  lossOf: LossOfRows,
  { step, eotSamples }: { readonly step: number; readonly eotSamples: number },
): Promise<void> {
  const { pixels, classes } = query;
  const points = new Float32Array(paths.length * pixels);
  paths.forEach(({ point }, i) => points.set(point, i * pixels));
  const answer = await query.gradient(points, lossOf(paths.map(({ row }) => row)), eotSamples);
  const answers = predictions(answer.logits, classes);
  paths.forEach((path, i) => {
    const loss = answer.losses[i]!;
    path.gradient = answer.gradient.slice(i * pixels, (i + 1) * pixels);
    if (answers[i] !== path.label) {
      path.image = path.point;
      path.fooledAfter = Math.min(path.fooledAfter, step);
    }
    if (step === 0) {
      path.startLoss = loss;
      path.checked = { loss, halved: true };
    } else {
      path.losses[step - 1] = loss;
    }
    if (step === 0 || loss > path.best.loss) path.best = { loss, point: path.point, gradient: path.gradient };
  });
}

/** Halves the step and returns to the best point where the last window asks for it. */
function lookBack(path: Path, checkpoint: Checkpoint, { rho }: ApgdStepOptions): void {
  const { best, checked, losses } = path;
  const halved = oscillates(losses, checkpoint, rho) || (!checked.halved && checked.loss >= best.loss);
  path.checked = { loss: best.loss, halved };
  if (!halved) return;
  path.stepSize /= 2;
  path.point = best.point;
  path.gradient = best.gradient;
}

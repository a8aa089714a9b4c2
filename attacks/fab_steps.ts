/** The steps of FAB: Croce and Hein 2020, arXiv:1907.02044, algorithm 1. At x₁ the boundary to another class is replaced by
 *  its tangent hyperplane π. With d₁ and d₂ the projections of x₁ and of the image x onto π inside the box, the next point is
 *  clip((1 − α)·(x₁ + η·d₁) + α·(x + η·d₂)), α = min(‖d₁‖/(‖d₁‖ + ‖d₂‖), α_max): biased towards x. A misclassified point
 *  that is the nearest so far is kept, and the search goes on from x + β·(x₁ − x). @module */

import type { Norm } from "./attack.ts";
import { hyperplaneProjection } from "./fab_projections.ts";
import { clip01 } from "./plain_batch.ts";
import { predictions, type Query } from "./query.ts";

/** Numbers of the search. */
export interface FabStepOptions {
  readonly norm: Norm;
  readonly steps: number;
  /** α_max, the largest share of the image's own projection. */
  readonly alphaMax: number;
  /** η, above 1 oversteps the boundary. */
  readonly eta: number;
  /** β, how far from the image a misclassified point stays. */
  readonly beta: number;
}

/** Images that are classified correctly, and where their search begins. */
export interface FabImages {
  /** `[batch · pixels]`, in 0..1. */
  readonly x: Float32Array;
  /** `[batch]`. */
  readonly labels: Int32Array;
  /** Shaped like x, in 0..1. */
  readonly start: Float32Array;
}

/** The boundary that each image heads for, to first order at the points asked about. */
export interface Boundaries {
  /** Logit of the class behind the boundary minus that of the label, `[batch]`. */
  readonly differences: Float32Array;
  /** Their gradients, `[batch · pixels]`. */
  readonly gradients: Float32Array;
}

/** Asks for the boundaries at points `[batch · pixels]`. */
export type FindBoundaries = (points: Float32Array) => Promise<Boundaries>;

/** The nearest misclassified points that a search met. */
export interface FabFound {
  /** Shaped like x; x itself where there was none. */
  readonly images: Float32Array;
  /** ‖images − x‖, `[batch]`; Infinity where there was none. */
  readonly distances: Float64Array;
}

/** Keeps α defined where neither projection moves. */
const SHORTEST = 1e-8;

/** Runs one search for each image; no image's path depends on the others. */
export async function fabSteps(
  query: Query,
  { x, labels, start }: FabImages,
  findBoundaries: FindBoundaries,
  options: FabStepOptions,
): Promise<FabFound> {
  const { pixels, classes } = query;
  const points = start.slice(), images = x.slice();
  const distances = new Float64Array(labels.length).fill(Infinity);
  const rowOf = (values: Float32Array, row: number) => values.subarray(row * pixels, (row + 1) * pixels);
  const move = boundaryMove(pixels, options);
  for (let step = 0; step < options.steps; step++) {
    const { differences, gradients } = await findBoundaries(points);
    labels.forEach((_, row) => {
      move(rowOf(points, row), rowOf(x, row), rowOf(gradients, row), differences[row]!);
    });
    // a forward pass of its own: about 3 in 5 points are misclassified and move again, a gradient there would be lost
    predictions(await query.logits(points), classes).forEach((answer, row) => {
      if (answer === labels[row]) return;
      const point = rowOf(points, row), image = rowOf(x, row);
      const distance = distanceBetween(options.norm, point, image);
      if (distance < distances[row]!) {
        distances[row] = distance;
        rowOf(images, row).set(point);
      }
      for (let i = 0; i < pixels; i++) point[i] = image[i]! + (point[i]! - image[i]!) * options.beta;
    });
  }
  return { images, distances };
}

/** Moves a point to the hyperplane through the boundary, in place. */
function boundaryMove(pixels: number, { norm, alphaMax, eta }: FabStepOptions) {
  const project = hyperplaneProjection(norm, pixels);
  const fromPoint = new Float32Array(pixels), fromImage = new Float32Array(pixels);
  return (point: Float32Array, image: Float32Array, normal: Float32Array, difference: number) => {
    let offset = -difference;
    for (let i = 0; i < pixels; i++) offset += normal[i]! * point[i]!;
    const hyperplane = { normal, offset };
    const pointLength = Math.max(project(point, hyperplane, fromPoint), SHORTEST);
    const imageLength = Math.max(project(image, hyperplane, fromImage), SHORTEST);
    const alpha = Math.min(pointLength / (pointLength + imageLength), alphaMax);
    for (let i = 0; i < pixels; i++) {
      const value = (point[i]! + eta * fromPoint[i]!) * (1 - alpha) + (image[i]! + eta * fromImage[i]!) * alpha;
      point[i] = clip01(value);
    }
  };
}

/** ‖a − b‖ of two float32 images, in float64, so that a distance of at most ε leaves no doubt. */
export function distanceBetween(norm: Norm, a: Float32Array, b: Float32Array): number {
  let largest = 0, squares = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = a[i]! - b[i]!;
    largest = Math.max(largest, Math.abs(difference));
    squares += difference * difference;
  }
  return norm === "linf" ? largest : Math.sqrt(squares);
}

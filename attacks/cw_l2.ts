/** The nearest adversarial images in L2: Carlini and Wagner 2017, arXiv:1608.04644, section VI.A. Minimises
 *  ‖x' − x‖² + c·max(z_y − max z_other + κ, 0) over w with x' = (tanh(w) + 1)/2, by Adam, for values of c that a search for
 *  the smallest sufficient one chooses. Steps, rates and the early abort are those of the authors' code, except that each
 *  image aborts on its own, so that no image's path depends on the others. Pixels of 0 and 1 start at w = ∓7.25: steps times
 *  rate must exceed that, else they hardly move. @module */

import * as tf from "@tensorflow/tfjs";
import type { AttackBatch, Classifier, NearestImages } from "./attack.ts";
import { margin } from "./losses.ts";
import {
  clip01,
  correctRows,
  distanceL2,
  imagesOf,
  margins,
  type PlainBatch,
  plainBatch,
  takeLabels,
} from "./plain_batch.ts";

/** How the search runs. */
export interface NearestL2Options {
  readonly steps: number;
  readonly searchSteps: number;
  readonly initialConstant: number;
  readonly confidence: number;
  readonly learningRate: number;
  readonly abortEarly: boolean;
}

/** Keeps w finite where a pixel is 0 or 1. */
const SHRINK = 0.999999;
/** An image aborts where its objective did not fall below this share of what it was a tenth of the steps before. */
const PROGRESS = 0.9999;
const BETA1 = 0.9, BETA2 = 0.999, ADAM_TINY = 1e-8;

/** What is known of one image's search. */
interface Search {
  readonly row: number;
  /** Largest c that did not suffice, and smallest that did. */
  lower: number;
  upper: number;
  c: number;
  /** Smallest ‖x' − x‖ so far. */
  distance: number;
}

/** Nearest misclassified images; x itself with distance 0 where x is misclassified, with Infinity where none was found. */
export async function nearestL2(
  model: Classifier,
  batch: AttackBatch,
  options: NearestL2Options,
): Promise<NearestImages> {
  const plain = await plainBatch(model, batch);
  const { query, x, labels } = plain;
  const images = x.slice(), distances = new Float64Array(labels.length);
  const rows = correctRows(await query.logits(x), labels, query.classes);
  const searches = rows.map((row): Search => ({
    row,
    lower: 0,
    upper: Infinity,
    c: options.initialConstant,
    distance: Infinity,
  }));
  for (let step = 0; step < options.searchSteps && searches.length > 0; step++) {
    const succeeded = await descend(plain, searches, images, options);
    searches.forEach((search, i) => chooseConstant(search, succeeded[i]!));
  }
  for (const { row, distance } of searches) distances[row] = distance;
  return { images: imagesOf(images, query), distances };
}

/** x' where it was found within ε, else x. Releases what was found. */
export async function withinEpsilon(
  { x }: AttackBatch,
  { images, distances }: NearestImages,
  epsilon: number,
): Promise<tf.Tensor4D> {
  const [clean, found] = await Promise.all([x.data(), images.data()]);
  const pixels = clean.length / distances.length;
  const values = Float32Array.from(
    clean,
    (value, i) => distances[Math.floor(i / pixels)]! <= epsilon ? found[i]! : value,
  );
  images.dispose();
  return tf.tensor4d(values, x.shape);
}

/** Bisection once a c has sufficed, ten times as much until then. */
function chooseConstant(search: Search, succeeded: boolean): void {
  if (succeeded) search.upper = Math.min(search.upper, search.c);
  else search.lower = Math.max(search.lower, search.c);
  search.c = search.upper === Infinity ? search.c * 10 : (search.lower + search.upper) / 2;
}

/** Adam for every image with its c; nearer images go to `images`. Says for which images it met a misclassified one. */
async function descend(
  { query, x, labels }: PlainBatch,
  searches: readonly Search[],
  images: Float32Array,
  options: NearestL2Options,
): Promise<boolean[]> {
  const { pixels, classes } = query;
  const descents = searches.map(({ row }) => new Descent(x.subarray(row * pixels, (row + 1) * pixels)));
  const succeeded = searches.map(() => false);
  const checkEvery = Math.max(Math.floor(options.steps / 10), 1);
  let active = searches.map((_, i) => i);
  for (let step = 0; step < options.steps && active.length > 0; step++) {
    const rows = active.map((i) => searches[i]!.row), own = takeLabels(labels, rows), y = tf.tensor1d(own, "int32");
    const candidates = new Float32Array(active.length * pixels);
    active.forEach((i, k) => candidates.set(descents[i]!.image, k * pixels));
    const answer = await query.gradient(candidates, (logits) => margin(logits, y, classes)).finally(() => y.dispose());
    const ahead = margins(answer.logits, own, classes);
    const stays: number[] = [];
    active.forEach((i, k) => {
      const search = searches[i]!, descent = descents[i]!, excess = ahead[k]! + options.confidence;
      const distance = distanceL2(descent.image, descent.x);
      if (excess < 0) {
        succeeded[i] = true;
        if (distance < search.distance) {
          search.distance = distance;
          images.set(descent.image, search.row * pixels);
        }
      }
      const objective = distance ** 2 + search.c * Math.max(excess, 0);
      if (options.abortEarly && step % checkEvery === 0 && !descent.progressed(objective)) return;
      // the gradient is that of the other logit minus the label's
      const weight = excess > 0 ? -search.c : 0;
      descent.step(answer.gradient.subarray(k * pixels, (k + 1) * pixels), weight, options.learningRate);
      stays.push(i);
    });
    active = stays;
  }
  return succeeded;
}

/** Adam on one image's w. */
class Descent {
  readonly x: Float32Array;
  readonly image: Float32Array;
  readonly #w: Float64Array;
  readonly #mean: Float64Array;
  readonly #square: Float64Array;
  readonly #tanh: Float64Array;
  #steps = 0;
  /** The objective when progress was last checked. */
  #objective = Infinity;

  constructor(x: Float32Array) {
    this.x = x;
    this.image = new Float32Array(x.length);
    this.#w = Float64Array.from(x, (value) => Math.atanh((2 * value - 1) * SHRINK));
    this.#mean = new Float64Array(x.length);
    this.#square = new Float64Array(x.length);
    this.#tanh = new Float64Array(x.length);
    this.#place();
  }

  /** Whether the objective fell since this was last asked; always so the first time. */
  progressed(objective: number): boolean {
    if (objective > this.#objective * PROGRESS) return false;
    this.#objective = objective;
    return true;
  }

  /** One step against 2·(x' − x) + weight·gradient, carried over to w by dx'/dw = (1 − tanh²(w))/2. */
  step(gradient: Float32Array, weight: number, learningRate: number): void {
    this.#steps++;
    const meanScale = 1 - BETA1 ** this.#steps, squareScale = 1 - BETA2 ** this.#steps;
    for (let i = 0; i < this.x.length; i++) {
      const slope = (2 * (this.image[i]! - this.x[i]!) + weight * gradient[i]!) * (1 - this.#tanh[i]! ** 2) / 2;
      this.#mean[i] = BETA1 * this.#mean[i]! + (1 - BETA1) * slope;
      this.#square[i] = BETA2 * this.#square[i]! + (1 - BETA2) * slope * slope;
      this.#w[i]! -= learningRate * (this.#mean[i]! / meanScale) /
        (Math.sqrt(this.#square[i]! / squareScale) + ADAM_TINY);
    }
    this.#place();
  }

  #place(): void {
    for (let i = 0; i < this.image.length; i++) {
      this.#tanh[i] = Math.tanh(this.#w[i]!);
      this.image[i] = clip01((this.#tanh[i]! + 1) / 2);
    }
  }
}

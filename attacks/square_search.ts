/** The random search of the Square attack, the same for both norms: Andriushchenko et al. 2020, arXiv:1912.00049,
 *  algorithm 1. Each image keeps its best candidate so far; one that is fooled is asked about no more. @module */

import { margins, takeLabels } from "./plain_batch.ts";
import { predictions, type Query, takeRows } from "./query.ts";

/** How images are changed. Both functions work in place on one image `[pixels]`, whose place in the search is `image`. */
export interface SquareMoves {
  /** Turns the clean image into the first candidate. */
  start(values: Float32Array, image: number): void;
  /** Turns the best image so far into the candidate of a query, counted from 0. */
  change(values: Float32Array, image: number, query: number): void;
}

/** What a search found. */
export interface SquareFound {
  /** The best image of each, `[images · pixels]`. */
  readonly images: Float32Array;
  /** 1 where that image is misclassified. */
  readonly fooled: Uint8Array;
}

/**
 * Searches until every image is fooled or the queries are used up. A candidate replaces the best where its margin
 * z_y − max z_other is smaller, or not above 0.
 *
 * @param x Correctly classified images `[images · pixels]`.
 */
export async function squareSearch(
  query: Query,
  x: Float32Array,
  labels: Int32Array,
  moves: SquareMoves,
  queries: number,
): Promise<SquareFound> {
  const best = x.slice(), least = new Float32Array(labels.length).fill(Infinity);
  const fooled = new Uint8Array(labels.length);
  let rows = Array.from(labels, (_, row) => row);
  for (let asked = -1; asked < queries && rows.length > 0; asked++) {
    const candidates = takeRows(best, rows, query.pixels);
    rows.forEach((row, i) => {
      const values = candidates.subarray(i * query.pixels, (i + 1) * query.pixels);
      if (asked < 0) moves.start(values, row);
      else moves.change(values, row, asked);
    });
    const logits = await query.logits(candidates);
    const current = margins(logits, takeLabels(labels, rows), query.classes);
    const answers = predictions(logits, query.classes);
    rows.forEach((row, i) => {
      if (!(current[i]! < least[row]! || current[i]! <= 0)) return;
      least[row] = current[i]!;
      fooled[row] = answers[i] === labels[row] ? 0 : 1;
      best.set(candidates.subarray(i * query.pixels, (i + 1) * query.pixels), row * query.pixels);
    });
    rows = rows.filter((row) => least[row]! > 0);
  }
  return { images: best, fooled };
}

/** The moves of the Square attack in L2: Andriushchenko et al. 2020, arXiv:1912.00049, algorithm 3 and the public code. The
 *  perturbation always has norm ε before the box clips it; a query takes the norm out of one window and puts it, together
 *  with what the box had left unused, into another. Sums over pixels are float64 here. @module */

import type { RandomStream } from "../random/random.ts";
import { clip01 } from "./plain_batch.ts";
import { drawOffset, drawSign } from "./square_draws.ts";
import { type SquareSchedule, squareShare, squareSide } from "./square_schedule.ts";
import type { SquareMoves } from "./square_search.ts";

/** Keeps norms of nothing from dividing by zero. */
const TINY = 1e-12;

/**
 * Moves for images around x.
 *
 * @param x Clean images `[images · pixels]`.
 * @param streams The stream of each image, read in the order of queries.
 */
export function l2Moves(
  x: Float32Array,
  shape: readonly [number, number, number],
  epsilon: number,
  schedule: SquareSchedule,
  streams: readonly RandomStream[],
): SquareMoves {
  const pixels = shape[0] * shape[1] * shape[2];
  const patterns = new Map<number, Float64Array>();
  const patternOf = (side: number): Float64Array => {
    if (!patterns.has(side)) patterns.set(side, bipolarPattern(side));
    return patterns.get(side)!;
  };
  const delta = new Float64Array(pixels);
  const place = (values: Float32Array, clean: Float32Array): void => {
    const scale = epsilon / (Math.sqrt(sumOfSquares(delta)) + TINY);
    for (let i = 0; i < pixels; i++) values[i] = clip01(clean[i]! + delta[i]! * scale);
  };
  return {
    start(values, image) {
      delta.fill(0);
      tile(delta, shape, patternOf, streams[image]!);
      place(values, x.subarray(image * pixels, (image + 1) * pixels));
    },
    change(values, image, query) {
      const clean = x.subarray(image * pixels, (image + 1) * pixels);
      for (let i = 0; i < pixels; i++) delta[i] = values[i]! - clean[i]!;
      const side = oddSide(squareSide(squareShare(query, schedule), shape), shape);
      moveNorm(delta, shape, epsilon, patternOf(side), streams[image]!);
      place(values, clean);
    },
  };
}

/** An odd side of at least 3 where the image is large enough. */
function oddSide(side: number, [height, width]: readonly [number, number, number]): number {
  const atLeast3 = Math.max(side, 3);
  return Math.min(atLeast3 + (1 - atLeast3 % 2), height, width);
}

/** Concentric squares: rows × columns with Σ 1/(k+1)² over k from the pixel's distance to the centre, of norm 1. */
function concentric(rows: number, columns: number): Float64Array {
  const centreRow = Math.floor(rows / 2), centreColumn = Math.floor(columns / 2);
  const last = Math.max(centreRow, centreColumn);
  const values = Float64Array.from({ length: rows * columns }, (_, i) => {
    const row = Math.floor(i / columns), column = i % columns;
    let sum = 0;
    for (let k = Math.max(Math.abs(row - centreRow), Math.abs(column - centreColumn)); k <= last; k++) {
      sum += 1 / (k + 1) ** 2;
    }
    return sum;
  });
  return normalized(values);
}

/** The pattern of a square: its upper half concentric squares, its lower half the same below zero; norm 1. */
export function bipolarPattern(side: number): Float64Array {
  const upper = Math.floor(side / 2);
  const values = new Float64Array(side * side);
  values.set(concentric(upper, side));
  values.set(concentric(side - upper, side).map((value) => -value), upper * side);
  return normalized(values);
}

function normalized(values: Float64Array): Float64Array {
  const norm = Math.sqrt(sumOfSquares(values));
  return values.map((value) => value / norm);
}

function sumOfSquares(values: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! * values[i]!;
  return sum;
}

/** The start: about five by five squares, each with the pattern lying or standing, and a sign for each channel. What would
 *  fall outside the image is left out. */
function tile(
  delta: Float64Array,
  [height, width, channels]: readonly [number, number, number],
  patternOf: (side: number) => Float64Array,
  stream: RandomStream,
): void {
  const side = Math.max(Math.floor(height / 5), 1), margin = Math.max(Math.floor((height - 5 * side) / 2), 0);
  const pattern = patternOf(side);
  for (let down = 0; down < Math.floor(height / side); down++) {
    for (let across = 0; across < Math.floor(width / side); across++) {
      const at = orientation(pattern, side, stream);
      const signs = Array.from({ length: channels }, () => drawSign(stream));
      const top = margin + down * side, left = margin + across * side;
      for (let row = 0; row < Math.min(side, height - top); row++) {
        for (let column = 0; column < Math.min(side, width - left); column++) {
          const begin = ((top + row) * width + left + column) * channels;
          for (let c = 0; c < channels; c++) delta[begin + c] = at(row, column) * signs[c]!;
        }
      }
    }
  }
}

/** The pattern as it is or turned over its diagonal, equally likely. */
function orientation(
  pattern: Float64Array,
  side: number,
  stream: RandomStream,
): (row: number, column: number) => number {
  return drawSign(stream) === 1
    ? (row, column) => pattern[row * side + column]!
    : (row, column) => pattern[column * side + row]!;
}

/** Empties a second window and fills a first one with its own direction plus a signed pattern, channel by channel. */
function moveNorm(
  delta: Float64Array,
  [height, width, channels]: readonly [number, number, number],
  epsilon: number,
  pattern: Float64Array,
  stream: RandomStream,
): void {
  const side = Math.sqrt(pattern.length);
  const window = () => windowPixels(side, drawOffset(stream, height - side), drawOffset(stream, width - side), width);
  const target = window(), source = window();
  const at = orientation(pattern, side, stream);
  const signs = Array.from({ length: channels }, () => drawSign(stream));
  const unused = Math.max(epsilon * epsilon - sumOfSquares(delta), 0);
  const directions = signs.map((sign, c) => {
    const values = new Float64Array(pattern.length);
    for (let i = 0; i < values.length; i++) values[i] = delta[target[i]! * channels + c]!;
    const scale = 1 / (TINY + Math.sqrt(sumOfSquares(values)));
    for (let i = 0; i < values.length; i++) values[i] = at(Math.floor(i / side), i % side) * sign + values[i]! * scale;
    return values;
  });
  const size = Math.sqrt(unused / channels + emptied(delta, target, channels) + emptied(delta, source, channels));
  directions.forEach((direction, c) => {
    const scale = size / (TINY + Math.sqrt(sumOfSquares(direction)));
    for (let i = 0; i < direction.length; i++) delta[target[i]! * channels + c] = direction[i]! * scale;
  });
}

/** Numbers of a window's pixels, row by row. */
function windowPixels(side: number, top: number, left: number, width: number): Int32Array {
  const pixels = new Int32Array(side * side);
  let i = 0;
  for (let row = top; row < top + side; row++) {
    for (let column = left; column < left + side; column++) pixels[i++] = row * width + column;
  }
  return pixels;
}

/** Sets a window to 0 and gives its squared norm, so that a pixel of two windows is counted once. */
function emptied(delta: Float64Array, window: Int32Array, channels: number): number {
  let squares = 0;
  for (let k = 0; k < window.length; k++) {
    for (let i = window[k]! * channels; i < (window[k]! + 1) * channels; i++) {
      squares += delta[i]! * delta[i]!;
      delta[i] = 0;
    }
  }
  return squares;
}

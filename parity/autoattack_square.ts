/** autoattack-pieces, Square: the search in L∞ from recorded stripes and windows. In the public code all images of a batch
 *  share the windows; the stripes are those of the correctly classified images alone, in the batch's order. @module */

import { z } from "zod";
import { correctRows, takeLabels } from "../attacks/plain_batch.ts";
import { type Query, takeRows } from "../attacks/query.ts";
import { type LinfDraws, linfMoves } from "../attacks/square_linf.ts";
import { squareSearch } from "../attacks/square_search.ts";
import type { CaseInput, Replayed } from "./case.ts";
import { parseHyper } from "./manifest.ts";
import { correctImages, type Tolerance } from "./tolerances.ts";

const hyperSchema = z.looseObject({
  eps: z.number().positive(),
  norm: z.string().default("Linf"),
  square: z.looseObject({
    queries: z.int().positive(),
    pInit: z.number().positive().max(1).default(0.8),
    rescaleSchedule: z.boolean().default(false),
  }),
});

/** Number of images with a pixel that is off by more than rounding: a decision that went the other way moves many. */
const SQUARE_IMAGES: Tolerance = {
  limit: 1,
  error(actual, expected, shape = [1]) {
    const pixels = expected.length / shape[0]!;
    const off = new Set<number>();
    for (let i = 0; i < expected.length; i++) {
      if (!(Math.abs(actual[i]! - expected[i]!) <= 1e-6)) off.add(Math.floor(i / pixels));
    }
    return off.size;
  },
};

/**
 * The case's tensors under "square/".
 *
 * @param setting The network, and the manifest's images `[batch · pixels]` with their labels.
 * @throws {Error} When the manifest lacks a hyper-parameter or a recorded draw.
 */
export async function* squareQuantities(
  input: CaseInput,
  { query, x, labels }: { readonly query: Query; readonly x: Float32Array; readonly labels: Int32Array },
): AsyncGenerator<Replayed, void, void> {
  const { eps, norm, square } = parseHyper(hyperSchema, input.manifest);
  if (norm !== "Linf") {
    const reason = "Square is replayed in L∞ only";
    yield { variant: "-", tensors: (name) => name.startsWith("square/"), reason };
    return;
  }
  const rows = correctRows(await query.logits(x), labels, query.classes);
  const recorded = recordedDraws(input, query.shape);
  if (recorded.images < rows.length) {
    throw new TypeError(
      `Cannot replay Square: ${rows.length} images are correct, stripes exist for ${recorded.images}`,
    );
  }
  const schedule = { p: square.pInit, queries: square.queries, rescaleSchedule: square.rescaleSchedule };
  const clean = takeRows(x, rows, query.pixels);
  const draws = rows.map((_, image) => recorded.of(image));
  const moves = linfMoves(clean, query.shape, eps, schedule, draws);
  const found = await squareSearch(
    query,
    clean,
    takeLabels(labels, rows),
    moves,
    Math.min(square.queries, recorded.queries),
  );
  const adversarial = x.slice(), robust = new Float32Array(labels.length);
  rows.forEach((row, i) => {
    if (!found.fooled[i]) robust[row] = 1;
    else adversarial.set(found.images.subarray(i * query.pixels, (i + 1) * query.pixels), row * query.pixels);
  });
  const shape = [labels.length, ...query.shape];
  yield { variant: "-", tensor: "square/adv", shape, values: adversarial, tolerance: SQUARE_IMAGES };
  const tolerance = correctImages(labels.length);
  yield { variant: "-", tensor: "square/robust", shape: [labels.length], values: robust, tolerance };
  yield {
    variant: "-",
    tensors: (name) => name === "square/robustAccuracyOtherSeeds",
    reason: "the official code's accuracies with other draws: how far draws move it, nothing to reproduce",
  };
}

/** The recorded draws, and for how many images and queries they last. */
function recordedDraws(
  input: CaseInput,
  [, width, channels]: readonly [number, number, number],
): { readonly images: number; readonly queries: number; of(image: number): LinfDraws } {
  const [stripes, tops, lefts, signs] = ["stripes", "windowTop", "windowLeft", "windowSign"].map((name) =>
    Float32Array.from(input.input(`square/${name}`).values, Number)
  ) as [Float32Array, Float32Array, Float32Array, Float32Array];
  const line = width * channels;
  return {
    images: stripes.length / line,
    queries: tops.length,
    of: (image) => ({
      stripes: () => stripes.subarray(image * line, (image + 1) * line),
      window: (query) => ({
        top: tops[query]!,
        left: lefts[query]!,
        signs: signs.subarray(query * channels, (query + 1) * channels),
      }),
    }),
  };
}

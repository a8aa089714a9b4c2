/** Square attack: random search with the network's answers alone, no gradient. Andriushchenko et al. 2020, arXiv:1912.00049;
 *  defaults as in AutoAttack. Differs from the public code on purpose in who draws: there one window and sign serve all
 *  images of a batch, so that results depend on its make-up; here each image has a stream of its own for each restart, read
 *  in the order of its queries. @module */

import type * as tf from "@tensorflow/tfjs";
import { flag, number, resolveOptions } from "../models/options.ts";
import type { RandomStream } from "../random/random.ts";
import type { Attack, AttackBatch, AttackDefinition, Classifier, Draw, ThreatModel } from "./attack.ts";
import { correctRows, imagesOf, plainBatch, takeLabels } from "./plain_batch.ts";
import { takeRows } from "./query.ts";
import { l2Moves } from "./square_l2.ts";
import { linfMoves, randomLinfDraws } from "./square_linf.ts";
import type { SquareSchedule } from "./square_schedule.ts";
import { type SquareMoves, squareSearch } from "./square_search.ts";
import { checkThreatModel, formatThreatModel } from "./threat_model.ts";

/** Options of {@linkcode square}. */
export interface SquareOptions {
  /** Queries for each image and restart, besides the one about its start. @default {5000} */
  readonly queries?: number;
  /** Independent searches, each on what the earlier ones left. @default {1} */
  readonly restarts?: number;
  /** Share of the image that the first squares change. @default {0.8} */
  readonly p?: number;
  /** Whether the squares shrink in proportion to `queries` instead of at fixed numbers of queries. @default {false} */
  readonly rescaleSchedule?: boolean;
}

const options = {
  queries: number({
    doc: "Queries for each image and restart, besides the one about its start",
    min: 1,
    max: 1_000_000,
    integer: true,
    default: 5000,
  }),
  restarts: number({
    doc: "Independent searches, each on the images that the earlier ones left",
    min: 1,
    max: 10_000,
    integer: true,
    default: 1,
  }),
  p: number({ doc: "Share of the image's pixels that the first squares change", above: 0, max: 1, default: 0.8 }),
  rescaleSchedule: flag(false, "Shrink the squares in proportion to queries, not after fixed numbers of queries"),
};

/** Square for the registry. */
export const squareAttack: AttackDefinition = {
  name: "square",
  example: "square",
  summary: "random search with squares, without gradients",
  options,
  create: (threat, _numbers, given = {}) => square(threat, given),
};

type Resolved = Required<SquareOptions>;

/**
 * Square as an attack. Images that it cannot fool come back as they were.
 *
 * @throws {RangeError} When the threat model or an option is out of range.
 */
export function square(threat: ThreatModel, given: SquareOptions = {}): Attack {
  checkThreatModel(threat);
  const resolved = resolveOptions(options, { ...given }, 'attack "square"');
  return {
    name: "square",
    label: squareLabel(threat, resolved),
    threat,
    resolved,
    passes: 0,
    forwards: 1 + (resolved.queries + 1) * resolved.restarts,
    perturb: (model, batch, draw) => perturb(model, batch, draw, { ...resolved, threat }),
  };
}

function squareLabel(threat: ThreatModel, { queries, restarts, p, rescaleSchedule }: Resolved): string {
  const parts = [
    "Square",
    formatThreatModel(threat),
    `${queries} ${queries === 1 ? "query" : "queries"}`,
    `${restarts} restart${restarts === 1 ? "" : "s"}`,
    `p=${p}`,
  ];
  if (rescaleSchedule) parts.push("schedule rescaled");
  return parts.join(", ");
}

async function perturb(
  model: Classifier,
  batch: AttackBatch,
  draw: Draw,
  { threat, restarts, ...schedule }: Resolved & { readonly threat: ThreatModel },
): Promise<tf.Tensor4D> {
  const { query, x, labels, ids } = await plainBatch(model, batch);
  const result = x.slice();
  let rows = correctRows(await query.logits(x), labels, query.classes);
  for (let restart = 0; restart < restarts && rows.length > 0; restart++) {
    const clean = takeRows(x, rows, query.pixels);
    const streams = rows.map((row) => draw("square", restart, ids[row]!));
    const moves = randomMoves(clean, query.shape, threat, schedule, streams);
    const { images, fooled } = await squareSearch(query, clean, takeLabels(labels, rows), moves, schedule.queries);
    rows.forEach((row, i) => {
      if (fooled[i]) result.set(images.subarray(i * query.pixels, (i + 1) * query.pixels), row * query.pixels);
    });
    rows = rows.filter((_, i) => !fooled[i]);
  }
  return imagesOf(result, query);
}

function randomMoves(
  clean: Float32Array,
  shape: readonly [number, number, number],
  { norm, epsilon }: ThreatModel,
  schedule: SquareSchedule,
  streams: readonly RandomStream[],
): SquareMoves {
  return norm === "linf"
    ? linfMoves(clean, shape, epsilon, schedule, streams.map((stream) => randomLinfDraws(stream, shape)))
    : l2Moves(clean, shape, epsilon, schedule, streams);
}

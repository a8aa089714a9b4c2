/** PGD-K: projected gradient ascent from a random point of the ball, the worst case over restarts. Madry et al. 2018,
 *  arXiv:1706.06083, section 2.1. Two deliberate choices where public codes differ: the default step is 2.5·ε/K (Madry
 *  et al.'s advice), and over restarts any success wins, only then the highest loss. @module */

import * as tf from "@tensorflow/tfjs";
import { derivedNumber, flag, number, resolveOptions } from "../models/options.ts";
import type { Attack, AttackBatch, AttackDefinition, Classifier, Draw, RecordedDraws, ThreatModel } from "./attack.ts";
import { judge } from "./judge.ts";
import { type AttackLoss, lossOption } from "./losses.ts";
import { partOfBatch } from "./part_of_batch.ts";
import { pgdSteps } from "./pgd_steps.ts";
import { clipStart, uniformStart, zeroStart } from "./starts.ts";
import { checkThreatModel, formatPixelValue, formatThreatModel } from "./threat_model.ts";

/** Options of {@linkcode pgd}. */
export interface PgdOptions {
  /** K, at least 1. */
  readonly steps: number;
  /** α in pixel values. @default 2.5·ε/K */
  readonly stepSize?: number;
  /** Independent starts, of which each image keeps the worst. @default {1} */
  readonly restarts?: number;
  /** Start uniformly in the ball, clipped to the image box, instead of at the image. @default {true} */
  readonly randomStart?: boolean;
  /** What is maximised. @default {"cross-entropy"} */
  readonly loss?: AttackLoss;
  /** Attack images that one restart has fooled no more in later restarts. @default {false} */
  readonly earlyStop?: boolean;
  /** Do not move an image further once it is misclassified. @default {false} */
  readonly freezeFooled?: boolean;
}

const options = {
  stepSize: derivedNumber({
    doc: "α, the size of one step in pixel values",
    above: 0,
    max: 1000,
    defaultText: "2.5 ε/K",
  }),
  restarts: number({
    doc: "Independent starts, of which each image keeps the worst",
    min: 1,
    max: 10_000,
    integer: true,
    default: 1,
  }),
  randomStart: flag(true, "Start uniformly in the ball, clipped to 0..1, instead of at the image"),
  loss: lossOption,
  earlyStop: flag(false, "Leave images that a restart has fooled out of later restarts"),
  freezeFooled: flag(false, "Move an image no further once it is misclassified"),
};

/** PGD-K for the registry. */
export const pgdAttack: AttackDefinition = {
  name: "pgd-K",
  example: "pgd-20",
  summary: "K projected gradient steps from a random start, the worst of the restarts",
  options,
  create: (threat, [steps], given = {}) => pgd(threat, { ...given, steps: steps ?? NaN }),
};

type Resolved = Required<PgdOptions>;

/**
 * PGD-K as an attack.
 *
 * @throws {RangeError} When the threat model or an option is out of range.
 */
export function pgd(threat: ThreatModel, { steps, ...given }: PgdOptions): Attack {
  checkThreatModel(threat);
  if (!Number.isInteger(steps) || steps < 1) {
    throw new RangeError(`Cannot run PGD with ${steps} steps: expected an integer of at least 1`);
  }
  const checked = resolveOptions(options, given, `attack "pgd-${steps}"`);
  const resolved = { steps, ...checked, stepSize: checked.stepSize ?? 2.5 * threat.epsilon / steps };
  if (resolved.restarts > 1 && !resolved.randomStart) {
    throw new RangeError(
      `Cannot run attack "pgd-${steps}" with ${resolved.restarts} restarts and no random start: all would be the same`,
    );
  }
  return {
    name: `pgd-${steps}`,
    label: pgdLabel(threat, resolved),
    threat,
    resolved,
    passes: steps * resolved.restarts,
    forwards: (resolved.freezeFooled ? steps * resolved.restarts : 0) + (resolved.restarts > 1 ? resolved.restarts : 0),
    perturb: (model, batch, draw, recorded) => worstOfRestarts(model, batch, { ...resolved, threat, draw, recorded }),
  };
}

function pgdLabel(threat: ThreatModel, resolved: Resolved): string {
  const parts = [
    `PGD-${resolved.steps}`,
    formatThreatModel(threat),
    `α=${formatPixelValue(resolved.stepSize)}`,
    `${resolved.restarts} restart${resolved.restarts === 1 ? "" : "s"}`,
    resolved.randomStart ? "random start" : "start at the image",
  ];
  if (resolved.loss === "margin") parts.push("margin loss");
  if (resolved.earlyStop) parts.push("fooled images left out of later restarts");
  if (resolved.freezeFooled) parts.push("fooled images moved no further");
  return parts.join(", ");
}

interface Restarts extends Resolved {
  readonly threat: ThreatModel;
  readonly draw: Draw;
  readonly recorded: RecordedDraws | undefined;
}

async function worstOfRestarts(model: Classifier, batch: AttackBatch, options: Restarts): Promise<tf.Tensor4D> {
  if (options.restarts === 1) return runRestart(model, batch, 0, options);
  const worst = new WorstCase(batch.x.shape);
  let rows = Array.from(batch.ids, (_, i) => i);
  for (let restart = 0; restart < options.restarts && rows.length > 0; restart++) {
    const part = rows.length === batch.ids.length ? batch : partOfBatch(batch, rows);
    try {
      const images = runRestart(model, part, restart, options, rows);
      try {
        worst.merge(rows, await images.data(), await judge(model, images, part.y, options.loss));
      } finally {
        images.dispose();
      }
    } finally {
      if (part !== batch) tf.dispose([part.x, part.y]);
    }
    if (options.earlyStop) rows = rows.filter((row) => !worst.fooled(row));
  }
  return worst.images();
}

/** One restart; `rows` says which rows of the recorded starts the batch's images are, where it is only a part. */
function runRestart(
  model: Classifier,
  batch: AttackBatch,
  restart: number,
  options: Restarts,
  rows?: readonly number[],
): tf.Tensor4D {
  return tf.tidy(() => pgdSteps(model, batch, startOf(batch, restart, options, rows), options));
}

function startOf(
  batch: AttackBatch,
  restart: number,
  { threat, draw, recorded, randomStart }: Restarts,
  rows?: readonly number[],
): tf.Tensor4D {
  if (recorded?.starts !== undefined) {
    const start = recorded.starts[restart];
    if (start === undefined) throw new RangeError(`Cannot start restart ${restart}: no start is recorded for it`);
    return rows === undefined ? start.clone() : tf.gather(start, [...rows]);
  }
  if (!randomStart) return zeroStart(batch.x);
  const start = uniformStart(threat, batch.x.shape, batch.ids, (id) => draw("attack-start", restart, id));
  return clipStart(batch.x, start);
}

/** The worst image of each row so far: any that fools beats any that does not, then the higher loss, then the earlier. */
class WorstCase {
  readonly #shape: [number, number, number, number];
  readonly #pixels: number;
  readonly #values: Float32Array;
  readonly #losses: Float64Array;
  readonly #fooled: Uint8Array;

  constructor(shape: [number, number, number, number]) {
    this.#shape = shape;
    this.#pixels = shape[1] * shape[2] * shape[3];
    this.#values = new Float32Array(shape[0] * this.#pixels);
    this.#losses = new Float64Array(shape[0]).fill(-Infinity);
    this.#fooled = new Uint8Array(shape[0]);
  }

  merge(rows: readonly number[], images: ArrayLike<number>, { correct, losses }: Awaited<ReturnType<typeof judge>>) {
    rows.forEach((row, i) => {
      const fooled = 1 - correct[i]!, first = this.#losses[row] === -Infinity;
      const worse = fooled > this.#fooled[row]! || (fooled === this.#fooled[row] && losses[i]! > this.#losses[row]!);
      if (!first && !worse) return;
      for (let k = 0; k < this.#pixels; k++) this.#values[row * this.#pixels + k] = images[i * this.#pixels + k]!;
      this.#losses[row] = losses[i]!;
      this.#fooled[row] = fooled;
    });
  }

  fooled(row: number): boolean {
    return this.#fooled[row] === 1;
  }

  images(): tf.Tensor4D {
    return tf.tensor4d(this.#values, this.#shape);
  }
}

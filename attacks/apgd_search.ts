/** The runs of Auto-PGD on a batch, as in the public AutoAttack code: each on the images that are still classified correctly.
 *  Differs on purpose in that an image's run ends at its first misclassified point, where the public code goes on and keeps
 *  the last one: which images are fooled is the same, and the work is less. Not so where gradients are means of several
 *  answers, for networks that draw random numbers: there a first point is luck, and the last one is kept as there. @module */

import { apgdStart } from "./apgd_moves.ts";
import { type ApgdStepOptions, apgdSteps, type LossOfRows } from "./apgd_steps.ts";
import type { Draw } from "./attack.ts";
import { correctRows, type PlainBatch, takeLabels } from "./plain_batch.ts";
import { takeRows } from "./query.ts";

/** What all runs have in common. */
export interface ApgdSearchOptions extends Omit<ApgdStepOptions, "stopWhenFooled"> {
  /** The attack's name; its draws go by it. */
  readonly name: string;
}

/** Runs on a batch, each on the images that those before it left. */
export class ApgdSearch {
  /** `[batch · pixels]`: a misclassified point where one was found, else the image itself. */
  readonly images: Float32Array;
  readonly #batch: PlainBatch;
  readonly #draw: Draw;
  readonly #options: ApgdSearchOptions;
  #left: number[] = [];

  constructor(batch: PlainBatch, draw: Draw, options: ApgdSearchOptions) {
    this.images = batch.x.slice();
    this.#batch = batch;
    this.#draw = draw;
    this.#options = options;
  }

  /** Logits of the clean images `[batch · classes]`; those that are misclassified are not attacked. */
  async classify(): Promise<Float32Array> {
    const { query, x, labels } = this.#batch;
    const logits = await query.logits(x);
    this.#left = correctRows(logits, labels, query.classes);
    return logits;
  }

  /**
   * One run.
   *
   * @param index Each run's own: the starts' draws go by it and the image's id.
   * @param lossOf The loss of some rows of the whole batch.
   */
  async run(index: number, lossOf: LossOfRows): Promise<void> {
    const { query, ids, labels } = this.#batch, { threat, name } = this.#options;
    const left = this.#left;
    if (left.length === 0) return;
    const x = takeRows(this.#batch.x, left, query.pixels), start = new Float32Array(x.length);
    left.forEach((row, i) => {
      const clean = x.subarray(i * query.pixels, (i + 1) * query.pixels);
      start.set(apgdStart(clean, threat, this.#draw(`${name}-start`, index, ids[row]!)), i * query.pixels);
    });
    const found = await apgdSteps(
      query,
      { x, labels: takeLabels(labels, left), start },
      (rows) => lossOf(rows.map((row) => left[row]!)),
      { ...this.#options, stopWhenFooled: this.#options.eotSamples === 1 },
    );
    found.forEach(({ image, fooledAfter }, i) => {
      if (fooledAfter < Infinity) this.images.set(image, left[i]! * query.pixels);
    });
    this.#left = left.filter((_, i) => found[i]!.fooledAfter === Infinity);
  }
}

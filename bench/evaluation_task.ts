/** What an evaluation is given, and how it can end early. @module */

import type { Attack, Draw } from "../attacks/attack.ts";
import type { Team } from "../backends/team.ts";
import type { Split } from "../data/dataset.ts";
import type { OutcomeStore } from "./outcome_store.ts";

/** What is judged and how. */
export interface EvaluationTask {
  /** Exactly the images that are judged. */
  readonly split: Split;
  /** `[height, width, channels]`. */
  readonly shape: readonly [number, number, number];
  /** Images at a time; changes nothing but memory and speed. */
  readonly batch: number;
  /** Attacks by their key in the result. */
  readonly attacks: ReadonlyMap<string, Attack>;
  readonly draw: Draw;
  /** Each worker judges its part of the images; all get the whole evaluation. */
  readonly team: Team;
  /** Whether rows say what became of each image, and the network is checked for what makes attacks fail. @default {false} */
  readonly outcomes?: boolean;
  /** What an earlier attempt found, and where findings go. @default nothing is kept */
  readonly store?: OutcomeStore;
  /** Told after each batch of each attack. */
  readonly onProgress: (what: string, done: number, total: number) => void;
  /** Asked between batches; an evaluation that is stopped throws {@linkcode Stopped}. */
  readonly shouldStop: () => boolean;
}

/** Thrown where work was asked to stop before its end. */
export class Stopped extends Error {
  override name = "Stopped";
}

/** A loss or an answer that is not finite: a result, not a fault of the program. */
export class Diverged extends Error {
  override name = "Diverged";
}

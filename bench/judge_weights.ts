/** A run's network judged in evaluation mode, with draws that depend on a stream's name, the evaluation's seed and the
 *  image, so that runs, epochs and numbers of workers meet the same attack. @module */

import type { Attack } from "../attacks/attack.ts";
import { classifier } from "../attacks/classifier.ts";
import type { Split } from "../data/dataset.ts";
import type { Parameters } from "../models/model.ts";
import { random } from "../random/random.ts";
import { attended, EvaluationProgress } from "./attended.ts";
import { evaluate, type Evaluation } from "./evaluation.ts";
import type { Run } from "./run_state.ts";

/** What is judged. */
export interface Judgement {
  /** Exactly the images that are judged. */
  readonly split: Split;
  readonly attacks: ReadonlyMap<string, Attack>;
  /** What the draws are for; other streams draw other numbers. @default {"evaluation"} */
  readonly stream?: "evaluation" | "alarm";
  /** Whether the rows say what became of each image. @default {false} */
  readonly outcomes?: boolean;
}

/** Accuracies of these weights; a team's workers call it together. @throws What {@linkcode evaluate} throws. */
export function judgeWeights(
  { model, engine, job, host }: Run,
  parameters: Parameters,
  { split, attacks, stream = "evaluation", outcomes = false }: Judgement,
): Promise<Evaluation> {
  const subject = stream === "alarm" ? `overfitting alarm on ${split.name}` : split.name;
  const progress = new EvaluationProgress((what, done, total) => {
    host.progress({ kind: "evaluation", what: `${subject}, ${what}`, done, total });
  });
  const view = classifier(model, parameters, { kernels: engine.kernels, training: false });
  return evaluate(attended(view, progress.again), {
    split,
    shape: model.input,
    batch: job.evaluation.batch,
    attacks,
    outcomes,
    team: engine.team,
    draw: (name, ...indices) => random(job.evaluation.seed, `${stream}/${name}`, ...indices),
    onProgress: progress.tell,
    shouldStop: host.shouldStop,
  });
}

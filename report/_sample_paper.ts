/** The sample result as if it repeated a table of a paper whose figures are invented too: three seeds of two methods with
 *  the paper's data, network, attack and schedule, so that all accuracies are comparable. @module */

import type { Result } from "../bench/result.ts";
import { sampleResult } from "./_sample_result.ts";
import type { Paper, PaperRow } from "./paper_reasons.ts";

const SOURCE = { source: "invented", fromMemory: true };
const FACTOR = { source: "invented curve", fromMemory: false };

interface PaperOptions {
  /** @default {[0, 1, 2]} */
  readonly seeds?: readonly number[];
}

/** PGD-7 as the baseline, YOPO-5-3 and a run that the suite does not have. */
export function sampleWithPaper({ seeds = [0, 1, 2] }: PaperOptions = {}): Result {
  const result = sampleResult({ seeds });
  const runs = result.runs.filter(({ label }) => ["natural", "pgd-7", "yopo-5-3"].includes(label));
  const test = { ...result.suite.final, split: "test" };
  return { ...result, suite: { ...result.suite, final: test, paper: samplePaper() }, runs };
}

function samplePaper(): Paper {
  return {
    title: "Table 9 of an invented paper",
    reference: "Nobody et al. 2019",
    hardware: "one invented GPU",
    model: { name: "SmallCNN", parameters: 312202 },
    data: { name: "MNIST, embedded", trainImages: 7000, testImages: 2000, augmentation: "none" },
    attacks: [
      { attack: "PGD-50", name: "pgd-50", epsilon: 0.2, options: { stepSize: 0.01, restarts: 3 }, ...SOURCE },
      { attack: "CW", name: null, epsilon: 0.2, options: { loss: "margin" }, ...SOURCE },
    ],
    baseline: "pgd-7",
    claims: [{
      text: "YOPO-5-3 is 2 times faster",
      ...SOURCE,
      factors: [{ value: 1.8, what: "a cheaper epoch", ...FACTOR }, { value: 1.1, what: "fewer epochs", ...FACTOR }],
    }],
    rows: [
      row("pgd-7", { clean: 0.9642, robust: 0.79, minutes: 120, epochs: 6, fullPassesPerStep: 9 }),
      row("yopo-5-3", { clean: 0.981, robust: 0.81, minutes: 127, epochs: 9, fullPassesPerStep: 5 }),
      { ...row("pgd-40", { clean: 0.99, robust: 0.9, minutes: 500, epochs: 6, fullPassesPerStep: 42 }), recipe: null },
    ],
  };
}

function row(
  run: string,
  of: Record<"clean" | "robust" | "minutes" | "epochs" | "fullPassesPerStep", number>,
): PaperRow {
  const schedule = { kind: "piecewise" as const, milestones: [of.epochs - 2], factor: 0.1 };
  const rates = { kind: "sgd" as const, learningRate: 0.1, momentum: 0.9, weightDecay: 0.0005, schedule };
  return {
    run,
    training: run.toUpperCase(),
    recipe: {
      method: { name: run, options: { stepSize: 0.05 } },
      batch: 128,
      epochs: of.epochs,
      optimizer: rates,
      firstLayerOptimizer: null,
      fullPassesPerStep: of.fullPassesPerStep,
      ...SOURCE,
    },
    clean: { value: of.clean, ...SOURCE },
    robust: [{ attack: "PGD-50", value: of.robust, ...SOURCE }, { attack: "CW", value: 0.8, ...SOURCE }],
    minutes: { value: of.minutes, ...SOURCE },
    reached: null,
  };
}

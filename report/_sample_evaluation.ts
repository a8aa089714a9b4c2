/** An invented evaluation for the tests of this room: every number can be worked out, no network ever gave it. @module */

import type { RobustRow } from "../bench/result.ts";
import { encodeOutcomes } from "../statistics/outcome_bits.ts";
import { sampleResult } from "./_sample_result.ts";
import type { EvaluationRecord } from "../bench/evaluation_record.ts";

const COUNT = 500;
const THREAT = "L∞ ε=0.2";
const KEYS = { fgsm: "fgsm-00000001", pgd: "pgd-20-00000002", fast: "fast-00000003" };

/** 96 % clean, 90 % under FGSM, 84 % under PGD-20, 80 % under the first stages of AutoAttack. */
export function sampleEvaluation(): EvaluationRecord {
  const { machines: [machine], tool, runs: [run] } = sampleResult();
  if (!machine || !run) throw new Error("Cannot make a sample: the sample result is empty");
  const stage = (name: string, attacked: number, correct: number) => ({
    name,
    label: name,
    attacked,
    correct,
    seconds: 30,
  });
  return {
    schema: "yopo-bench/evaluation@1",
    created: "2026-01-01T00:00:00.000Z",
    model: { name: "small-cnn", options: {} },
    weightsSha256: "a".repeat(64),
    data: { name: "mnist-embedded", options: {} },
    split: "held-out",
    count: COUNT,
    seed: 0,
    threat: { norm: "linf", epsilon: 0.2 },
    engine: run.engine,
    machine,
    tool,
    clean: firstCorrect(480),
    robust: [
      row(KEYS.fgsm, 450),
      row(KEYS.pgd, 420),
      { ...row(KEYS.fast, 400), stages: [stage("apgd-ce", 480, 410), stage("apgd-t", 410, 400)] },
    ],
    attacks: {
      [KEYS.fgsm]: { name: "fgsm", label: `FGSM, ${THREAT}, α=0.2`, resolved: { stepSize: 0.2 } },
      [KEYS.pgd]: {
        name: "pgd-20",
        label: `PGD-20, ${THREAT}, α=0.025, 1 restart`,
        resolved: { steps: 20, restarts: 1 },
      },
      [KEYS.fast]: { name: "fast", label: `APGD-CE+T, ${THREAT} (apgd-ce, apgd-t)`, resolved: {} },
    },
    curve: [0.3, 0.1, 0.2].flatMap((epsilon) => [
      { epsilon, attack: KEYS.fgsm, ...outcome(480 - 150 * epsilon) },
      { epsilon, attack: KEYS.pgd, ...outcome(480 - 300 * epsilon) },
    ]),
    warnings: [{ code: "few-images", message: "accuracies are judged on 500 images", advice: "use at least 1000" }],
  };
}

function row(attack: string, correct: number): RobustRow {
  return { attack, ...firstCorrect(correct), seconds: 12, maxPerturbation: 0.2 };
}

/** The first images are right, the others wrong. */
export function firstCorrect(correct: number) {
  return {
    ...outcome(correct),
    correctBits: encodeOutcomes(Array.from({ length: COUNT }, (_, i) => Number(i < correct))),
  };
}

function outcome(correct: number) {
  return { accuracy: Math.round(correct) / COUNT, correct: Math.round(correct), count: COUNT };
}

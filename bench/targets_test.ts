import assert from "node:assert/strict";
import type { Point } from "./result.ts";
import { pointsOnCadence, timesToTargets } from "./targets.ts";

/** Points a second apart with these robust accuracies. */
function curve(accuracies: readonly number[]): Point[] {
  return accuracies.map((accuracy, i) => ({
    epoch: (i + 1) / 10,
    step: i + 1,
    examples: 64 * (i + 1),
    trainSeconds: i + 1,
    wallSeconds: 2 * (i + 1),
    passes: { full: 5 * (i + 1), forward: 0, firstLayerAdversary: 0, firstLayerWeights: 0 },
    loss: 1,
    split: "validation",
    clean: { accuracy: 1, correct: 100, count: 100 },
    robust: [{ attack: "pgd", accuracy, correct: 100 * accuracy, count: 100, seconds: 1, maxPerturbation: 0.1 }],
  }));
}

const first = (accuracies: readonly number[], target: number) => timesToTargets(curve(accuracies), "pgd", [target])[0];

Deno.test("a target counts when two evaluations in a row meet it, at the first one's time", () => {
  const time = first([0.2, 0.7, 0.4, 0.6, 0.65], 0.6);
  assert.deepEqual(time, {
    target: 0.6,
    attack: "pgd",
    trainSeconds: 4,
    lowerBoundSeconds: 3,
    epoch: 0.4,
    fullPasses: 20,
  });
});

Deno.test("a target that only the last evaluation meets is not reached", () => {
  assert.equal(first([0.2, 0.3, 0.9], 0.6)?.trainSeconds, null);
});

Deno.test("a target met from the first evaluation on has the lower bound 0", () => {
  assert.deepEqual([first([0.9, 0.9], 0.6)?.trainSeconds, first([0.9, 0.9], 0.6)?.lowerBoundSeconds], [1, 0]);
});

Deno.test("a target under another attack is not reached", () => {
  assert.equal(timesToTargets(curve([0.9, 0.9]), "fgsm", [0.5])[0]?.trainSeconds, null);
});

Deno.test("pointsOnCadence() leaves out a closing evaluation that came too soon", () => {
  const points = curve([0.1, 0.2, 0.3, 0.4]); // after 64, 128, 192 and 256 examples
  assert.deepEqual(pointsOnCadence(points, 64), points);
  assert.deepEqual(pointsOnCadence(points, 120).map((point) => point.examples), [128, 256]);
});

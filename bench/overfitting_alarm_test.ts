import assert from "node:assert/strict";
import { findOverfitting, overfittingWarning } from "./overfitting_alarm.ts";
import type { AlarmPoint } from "./result.ts";

/** An epoch a row: images of 1,000 that stay correct under PGD-10 and under FGSM. */
function epochs(rows: readonly (readonly [pgd: number, fgsm: number])[], count = 1000): AlarmPoint[] {
  const judged = (correct: number) => ({ accuracy: correct / count, correct, count });
  return rows.map(([pgd, fgsm], i) => ({
    epoch: i + 1,
    step: 10 * (i + 1),
    attack: "PGD-10",
    pgd: judged(pgd),
    fgsm: judged(fgsm),
  }));
}

const cases: readonly {
  readonly what: string;
  readonly rows: readonly (readonly [number, number])[];
  /** Epochs of the best and of the fall. */
  readonly fires: readonly [number, number] | null;
}[] = [
  { what: "no epoch", rows: [], fires: null },
  { what: "one epoch, however bad", rows: [[0, 1000]], fires: null },
  { what: "a run that gets better", rows: [[100, 200], [300, 400], [350, 450]], fires: null },
  { what: "PGD-10 falls to nothing while FGSM rises", rows: [[300, 400], [400, 500], [10, 800]], fires: [2, 3] },
  { what: "a fall of exactly 15 points", rows: [[400, 500], [250, 600]], fires: null },
  { what: "a fall of one image more", rows: [[400, 500], [249, 600]], fires: [1, 2] },
  { what: "both fall: the run got worse, it is not fooled", rows: [[400, 500], [100, 150]], fires: null },
  // Two standard errors of 50.0 % against 46.0 % on 1,000 images are 4.47 points.
  { what: "FGSM falls within chance", rows: [[400, 500], [100, 460]], fires: [1, 2] },
  { what: "FGSM falls beyond chance", rows: [[400, 500], [100, 450]], fires: null },
  { what: "FGSM keeps its value", rows: [[400, 500], [100, 500]], fires: [1, 2] },
  { what: "a slow fall adds up against the best", rows: [[400, 500], [330, 520], [240, 540]], fires: [1, 3] },
  { what: "of equally good epochs the latest counts", rows: [[400, 300], [400, 600], [100, 400]], fires: null },
  { what: "a fall that is made up for later", rows: [[400, 500], [10, 800], [420, 520]], fires: [1, 2] },
  { what: "a second fall: the first one counts", rows: [[400, 500], [10, 800], [420, 520], [0, 900]], fires: [1, 2] },
];

for (const { what, rows, fires } of cases) {
  Deno.test(`findOverfitting() ${fires === null ? "is silent" : `names epochs ${fires.join(" and ")}`}: ${what}`, () => {
    const found = findOverfitting(epochs(rows));
    assert.deepEqual(found && [found.best.epoch, found.now.epoch], fires);
  });
}

Deno.test("findOverfitting() allows FGSM more chance where fewer images are judged", () => {
  const of = (count: number) =>
    findOverfitting(epochs([[0.4 * count, 0.5 * count], [0.1 * count, 0.45 * count]], count));
  assert.equal(of(1000), null);
  assert.notEqual(of(500), null);
});

Deno.test("overfittingWarning() says epochs and numbers, and what to do", () => {
  const { message, advice, code } = overfittingWarning(epochs([[400, 500], [15, 800]]))!;
  assert.equal(code, "catastrophic-overfitting");
  assert.match(message, /^PGD-10 accuracy fell from 40\.0 % after epoch 1 to 1\.5 % after epoch 2/);
  assert.match(message, /FGSM accuracy went from 50\.0 % to 80\.0 %/);
  assert.match(advice, /^stop at epoch 1, or /);
});

Deno.test("overfittingWarning() speaks once in a run: in the epoch where it is found", () => {
  const run = epochs([[300, 400], [400, 500], [10, 800], [10, 800], [420, 520], [0, 900]]);
  const spoke = run.filter((_, i) => overfittingWarning(run.slice(0, i + 1)) !== null);
  assert.deepEqual(spoke.map(({ epoch }) => epoch), [3]);
});

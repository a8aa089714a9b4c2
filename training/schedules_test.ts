import fc from "fast-check";
import assert from "node:assert/strict";
import { checkSchedule, learningRateAt, type Schedule } from "./schedules.ts";

const run = fc.record({
  stepsPerEpoch: fc.integer({ min: 1, max: 500 }),
  epochs: fc.integer({ min: 1, max: 40 }),
  base: fc.double({ min: 1e-4, max: 1, noNaN: true }),
});
const settings = { seed: 1, numRuns: 200 };

Deno.test("learningRateAt() is the base at every step of a constant schedule", () => {
  fc.assert(
    fc.property(run, fc.nat(), ({ stepsPerEpoch, epochs, base }, step) => {
      const position = { step, stepsPerEpoch, totalSteps: stepsPerEpoch * epochs };
      assert.equal(learningRateAt({ kind: "constant" }, base, position), base);
    }),
    settings,
  );
});

Deno.test("learningRateAt() drops at the first step of each milestone's epoch, once for each, and nowhere else", () => {
  const milestones = fc.array(fc.integer({ min: 1, max: 39 }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(run, milestones, ({ stepsPerEpoch, base }, unsorted) => {
      const schedule: Schedule = { kind: "piecewise", milestones: unsorted.toSorted((a, b) => a - b), factor: 0.5 };
      const at = (step: number) => learningRateAt(schedule, base, { step, stepsPerEpoch, totalSteps: 1e6 });
      assert.equal(at(0), base);
      for (let epoch = 1; epoch <= 40; epoch++) {
        const first = epoch * stepsPerEpoch;
        assert.equal(at(first), at(first - 1) * 0.5 ** unsorted.filter((milestone) => milestone === epoch).length);
        assert.equal(at(first), at(first + stepsPerEpoch - 1));
      }
    }),
    settings,
  );
});

Deno.test("learningRateAt() rises to the peak, then falls, and stays in (0, base] on a cyclic schedule", () => {
  fc.assert(
    fc.property(run, fc.double({ min: 0, max: 1, noNaN: true }), ({ stepsPerEpoch, epochs, base }, peakAt) => {
      const totalSteps = stepsPerEpoch * Math.min(epochs, 3);
      const rates = Array.from(
        { length: totalSteps },
        (_, step) => learningRateAt({ kind: "cyclic", peakAt }, base, { step, stepsPerEpoch, totalSteps }),
      );
      assert.ok(rates.every((rate) => rate > 0 && rate <= base * (1 + 1e-12)));
      rates.slice(1).forEach((rate, i) => {
        if ((i + 1.5) / totalSteps < peakAt) assert.ok(rate > rates[i]!);
        if ((i + 0.5) / totalSteps >= peakAt) assert.ok(rate < rates[i]!);
      });
    }),
    settings,
  );
});

Deno.test("learningRateAt() peaks in the middle of a cyclic schedule by default", () => {
  const rates = [0, 1, 2, 3].map((step) =>
    learningRateAt({ kind: "cyclic" }, 1, { step, stepsPerEpoch: 2, totalSteps: 4 })
  );
  assert.deepEqual(rates, [0.25, 0.75, 0.75, 0.25]);
});

const refused: [Schedule, RegExp][] = [
  [{ kind: "piecewise", milestones: [5, 4], factor: 0.1 }, /milestones \[5, 4\]/],
  [{ kind: "piecewise", milestones: [-1], factor: 0.1 }, /milestones \[-1\]/],
  [{ kind: "piecewise", milestones: [1], factor: 0 }, /factor 0/],
  [{ kind: "cyclic", peakAt: 1.5 }, /peakAt 1.5/],
];

for (const [schedule, message] of refused) {
  Deno.test(`checkSchedule() refuses ${JSON.stringify(schedule)}`, () => {
    assert.throws(() => checkSchedule(schedule), { name: "RangeError", message });
  });
}

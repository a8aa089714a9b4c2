import assert from "node:assert/strict";
import fc from "fast-check";
import { checkpoints, oscillates } from "./apgd_schedule.ts";

const afters = (steps: number) => checkpoints(steps).map(({ after }) => after);

Deno.test("checkpoints() of 100 steps are the paper's", () => {
  assert.deepEqual(afters(100), [22, 41, 57, 70, 80, 87, 93, 99]);
});

Deno.test("checkpoints() of few steps are at least one step apart", () => {
  assert.deepEqual(afters(25), [5, 9, 12, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25]);
  assert.deepEqual(afters(1), [1]);
});

Deno.test("checkpoints() follow each other by their windows, which never grow", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3000 }), (steps) => {
      let before = 0, widest = Infinity;
      for (const { after, window } of checkpoints(steps)) {
        assert.equal(after, before + window);
        assert.ok(window >= 1 && window <= widest && after <= steps);
        [before, widest] = [after, window];
      }
      assert.ok(steps - before < widest, "a checkpoint is missing at the end");
    }),
    { seed: 1 },
  );
});

Deno.test("oscillates() counts the increases of its window alone", () => {
  const losses = Float32Array.of(1, 2, 3, 4, 3, 4, 3, 4, 5, 6);
  assert.equal(oscillates(losses, { after: 8, window: 4 }, 0.5), true, "2 of 4 at ρ = 0.5");
  assert.equal(oscillates(losses, { after: 8, window: 4 }, 0.49), false);
  assert.equal(oscillates(losses, { after: 10, window: 3 }, 0.75), false, "all of 3");
});

Deno.test("oscillates() compares the very first step with the last, which is still 0", () => {
  const positive = Float32Array.of(1, 0.5, 0, 0), negative = positive.map((loss) => -loss);
  assert.equal(oscillates(positive, { after: 1, window: 1 }, 0.75), false);
  assert.equal(oscillates(negative, { after: 1, window: 1 }, 0.75), true);
  assert.equal(oscillates(Float32Array.of(1), { after: 1, window: 1 }, 0.75), true, "nor with itself");
});

import assert from "node:assert/strict";
import { cpuEngine } from "../backends/cpu.ts";
import { apgdMove } from "./apgd_moves.ts";
import { type ApgdStepOptions, apgdSteps } from "./apgd_steps.ts";
import type { Query } from "./query.ts";

const OPTIONS: ApgdStepOptions = {
  threat: { norm: "linf", epsilon: 0.25 },
  steps: 100,
  rho: 0.75,
  eotSamples: 1,
  stopWhenFooled: false,
};

/** What a network of two pixels answers about one image after so many steps. */
interface Answer {
  readonly loss: number;
  readonly fooled?: boolean;
}

/** One image's run on answers that are made up; its label is 0, and the gradient points up, but down where it is best. */
async function run(answer: (step: number) => Answer, options: Partial<ApgdStepOptions> = {}) {
  const points: Float32Array[] = [], { kernels } = await cpuEngine.open();
  const query: Query = {
    model: { classes: 2, kernels, logits: () => assert.fail("no forward pass alone is needed") },
    classes: 2,
    shape: [1, 2, 1],
    pixels: 2,
    logits: () => assert.fail("no forward pass alone is needed"),
    gradient(images) {
      const { loss, fooled = false } = answer(points.length);
      points.push(images);
      const gradient = points.length === 1 ? Float32Array.of(-1, 0) : Float32Array.of(1, -1);
      const logits = fooled ? Float32Array.of(0, 1) : Float32Array.of(1, 0);
      return Promise.resolve({ logits, losses: Float32Array.of(loss), gradient });
    },
  };
  const x = Float32Array.of(0.5, 0.5), start = Float32Array.of(0.55, 0.45);
  const images = { x, labels: Int32Array.of(0), start };
  const [found] = await apgdSteps(query, images, () => () => assert.fail("unused"), { ...OPTIONS, ...options });
  return { found: found!, points, x, start };
}

Deno.test("apgdSteps() keeps its step size while the loss rises", async () => {
  const { found } = await run((step) => ({ loss: step }));
  assert.equal(found.stepSize, 0.5);
  assert.deepEqual([found.startLoss, found.losses.length, found.losses[99]], [0, 100, 100]);
});

Deno.test("apgdSteps() halves its step at each of the 8 checkpoints where the loss stands still", async () => {
  assert.equal((await run(() => ({ loss: 1 }))).found.stepSize, 0.5 / 2 ** 8);
});

Deno.test("apgdSteps() without a better best loss halves its step at every second checkpoint", async () => {
  // half of the steps raise the loss, which is no oscillation at ρ = 0.1, but none comes near the start's
  const { found } = await run((step) => ({ loss: step === 0 ? 9 : step % 2 }), { rho: 0.1 });
  assert.equal(found.stepSize, 0.5 / 2 ** 4);
});

Deno.test("apgdSteps() returns to its best point and gradient, with the momentum of the way back", async () => {
  const { points, x, start } = await run((step) => ({ loss: step === 0 ? 9 : 1 }));
  const expected = apgdMove(
    { x, point: start, before: points[21]!, gradient: Float32Array.of(-1, 0), stepSize: 0.25 },
    OPTIONS.threat,
    0.75,
  );
  assert.deepEqual(points[23], expected);
  assert.notDeepEqual(points[22], points[23]);
});

Deno.test("apgdSteps() keeps the last misclassified point, or ends at the first one", async () => {
  const answer = (step: number) => ({ loss: step, fooled: step === 3 || step === 5 });
  const whole = await run(answer, { steps: 8 });
  assert.equal(whole.found.fooledAfter, 3);
  assert.deepEqual(whole.found.image, whole.points[5]);
  assert.equal(whole.points.length, 9);
  const stopped = await run(answer, { steps: 8, stopWhenFooled: true });
  assert.equal(stopped.found.fooledAfter, 3);
  assert.deepEqual(stopped.found.image, stopped.points[3]);
  assert.equal(stopped.points.length, 4);
});

Deno.test("apgdSteps() counts a misclassified start, and gives the start where nothing is misclassified", async () => {
  const atStart = await run((step) => ({ loss: 1, fooled: step === 0 }), { stopWhenFooled: true });
  assert.equal(atStart.found.fooledAfter, 0);
  assert.equal(atStart.points.length, 1);
  const never = await run(() => ({ loss: 1 }), { steps: 4 });
  assert.equal(never.found.fooledAfter, Infinity);
  assert.deepEqual(never.found.image, never.start);
});

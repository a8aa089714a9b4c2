import * as tf from "@tensorflow/tfjs";
import assert from "node:assert/strict";
import fc from "fast-check";
import { cpuEngine } from "../backends/cpu.ts";
import { correctness, drawFrom, makeSubject, rowsOf, type Subject } from "./_test_subject.ts";
import { apgd, apgdCeAttack, apgdDlrAttack, type ApgdLoss } from "./apgd.ts";
import { apgdT, apgdTAttack } from "./apgd_targeted.ts";
import type { Attack, Norm, ThreatModel } from "./attack.ts";
import { verify } from "./verify.ts";

const LINF: ThreatModel = { norm: "linf", epsilon: 0.05 };
const L2: ThreatModel = { norm: "l2", epsilon: 0.3 };
const LOSSES: readonly ApgdLoss[] = ["cross-entropy", "dlr"];

/** Five classes, so that APGD-T has targets. */
async function withSubject(use: (subject: Subject) => Promise<void>): Promise<void> {
  const subject = await makeSubject(await cpuEngine.open(), 5);
  try {
    await use(subject);
  } finally {
    subject.dispose();
  }
}

/** Every form of Auto-PGD with the same options. */
function forms(threat: ThreatModel, options: { readonly steps: number; readonly restarts?: number }): Attack[] {
  return [...LOSSES.map((loss) => apgd(threat, { ...options, loss })), apgdT(threat, { ...options, targets: 2 })];
}

async function read(tensor: tf.Tensor): Promise<Float32Array> {
  const values = Float32Array.from(await tensor.data());
  tensor.dispose();
  return values;
}

Deno.test("apgd() and apgdT() stay within the ball and the box, and give back x or a fooled image", () =>
  withSubject(async ({ model, batch }) => {
    const x = await batch.x.data(), before = await correctness(model, batch.x, batch.y);
    const threats = fc.record({
      norm: fc.constantFrom<Norm>("linf", "l2"),
      epsilon: fc.double({ min: 0.01, max: 0.6, noNaN: true }),
    });
    const options = fc.record({ steps: fc.integer({ min: 1, max: 6 }), restarts: fc.integer({ min: 1, max: 2 }) });
    await fc.assert(
      fc.asyncProperty(threats, options, fc.nat({ max: 2 }), fc.nat(), async (threat, numbers, form, seed) => {
        const images = await forms(threat, numbers)[form]!.perturb(model, batch, drawFrom(seed));
        const { violations, correct } = await verify(model, batch, images, threat);
        assert.deepEqual(violations, []);
        const values = await read(images);
        correct.forEach((isCorrect, row) => {
          if (!isCorrect && before[row]) return;
          assert.deepEqual(values.slice(64 * row, 64 * row + 64), x.slice(64 * row, 64 * row + 64));
        });
      }),
      { seed: 4, numRuns: 25 },
    );
  }));

Deno.test("apgd() and apgdT() give every image the same bits in batches of 1, 3 and 7", () =>
  withSubject(async ({ model, batch }) => {
    for (const attack of [LINF, L2].flatMap((threat) => forms(threat, { steps: 6, restarts: 2 }))) {
      const whole = await read(await attack.perturb(model, batch, drawFrom(5)));
      assert.notDeepEqual(whole, Float32Array.from(await batch.x.data()), "nothing was fooled");
      for (const size of [1, 3]) {
        for (let begin = 0; begin < 7; begin += size) {
          const part = rowsOf(batch, begin, Math.min(begin + size, 7));
          const values = await read(await attack.perturb(model, part, drawFrom(5)));
          assert.deepEqual(values, whole.slice(64 * begin, 64 * begin + values.length), attack.label);
          tf.dispose([part.x, part.y]);
        }
      }
    }
  }));

Deno.test("apgd() and apgdT() with more restarts never turn a fooled image correct", () =>
  withSubject(async ({ model, batch }) => {
    for (const threat of [{ norm: "linf", epsilon: 0.02 }, { norm: "l2", epsilon: 0.1 }] as const) {
      for (const form of [0, 1, 2]) {
        let before = new Set<number>();
        for (const restarts of [1, 2, 4]) {
          const images = await forms(threat, { steps: 2, restarts })[form]!.perturb(model, batch, drawFrom(7));
          const correct = await correctness(model, images, batch.y);
          images.dispose();
          const fooled = new Set(correct.flatMap((isCorrect, row) => isCorrect ? [] : [row]));
          assert.ok(before.isSubsetOf(fooled));
          before = fooled;
        }
        assert.ok(before.size < batch.ids.length, "every image is fooled, which shows nothing");
      }
    }
  }));

Deno.test("apgd() and apgdT() start each image by its id, each restart elsewhere", () =>
  withSubject(async ({ model, batch }) => {
    const one = rowsOf(batch, 0, 1);
    const copies = { x: tf.tile(one.x, [3, 1, 1, 1]), y: tf.tile(one.y, [3]), ids: Uint32Array.of(4, 9, 4) };
    for (const attack of forms({ norm: "linf", epsilon: 0.9 }, { steps: 4 })) {
      const opened: string[] = [];
      const values = await read(
        await attack.perturb(model, copies, (stream, ...indices) => {
          opened.push([stream, ...indices].join(" "));
          return drawFrom(2)(stream, ...indices);
        }),
      );
      assert.deepEqual(opened.slice(0, 3), [4, 9, 4].map((id) => `${attack.name}-start 0 ${id}`));
      assert.deepEqual(values.slice(0, 64), values.slice(128));
      assert.notDeepEqual(values.slice(0, 64), values.slice(64, 128));
    }
    tf.dispose([one.x, one.y, copies.x, copies.y]);
  }));

Deno.test("apgd() and apgdT() leave nothing behind but their images", () =>
  withSubject(async ({ model, batch }) => {
    for (const attack of forms(LINF, { steps: 3, restarts: 2 })) {
      const before = tf.memory().numTensors;
      const images = await attack.perturb(model, batch, drawFrom(1));
      assert.equal(tf.memory().numTensors, before + 1);
      images.dispose();
    }
  }));

Deno.test("apgd() and apgdT() fool more images with more steps, and all where ε is large", () =>
  withSubject(async ({ model, batch }) => {
    for (const form of [0, 1, 2]) {
      const left = async (epsilon: number, steps: number) => {
        const images = await forms({ norm: "linf", epsilon }, { steps })[form]!.perturb(model, batch, drawFrom(3));
        const correct = await correctness(model, images, batch.y);
        images.dispose();
        return correct.reduce((sum, value) => sum + value, 0);
      };
      assert.ok(await left(0.05, 20) <= await left(0.05, 1));
      assert.equal(await left(0.9, 20), 0);
    }
  }));

Deno.test("the forms of Auto-PGD have AutoAttack's defaults and say in their labels what runs", () => {
  const threat: ThreatModel = { norm: "linf", epsilon: 8 / 255 };
  const shared = { steps: 100, restarts: 1, rho: 0.75, eotSamples: 1 };
  const [ce, dlr, t] = [apgdCeAttack, apgdDlrAttack, apgdTAttack].map(({ create }) => create(threat, []));
  assert.deepEqual([ce!.name, dlr!.name, t!.name], ["apgd-ce", "apgd-dlr", "apgd-t"]);
  assert.deepEqual([ce!.resolved, dlr!.resolved, t!.resolved], [shared, shared, { ...shared, targets: 9 }]);
  assert.deepEqual([ce!.passes, dlr!.passes, t!.passes, ce!.forwards, t!.forwards], [101, 101, 909, 1, 1]);
  assert.equal(ce!.label, "APGD-CE, L∞ ε=8/255, 100 steps, 1 restart");
  assert.equal(dlr!.label, "APGD-DLR, L∞ ε=8/255, 100 steps, 1 restart");
  assert.equal(t!.label, "APGD-T, L∞ ε=8/255, 9 targets, 100 steps, 1 restart");
  const other = apgd({ norm: "l2", epsilon: 2 }, { steps: 1, restarts: 5, rho: 0.5, eotSamples: 20 });
  assert.equal(other.label, "APGD-CE, L2 ε=2, 1 step, 5 restarts, ρ=0.5, mean of 20 gradients (EOT)");
  assert.equal(other.passes, 2 * 5 * 20);
});

Deno.test("apgd() and apgdT() refuse options out of range", () => {
  for (const steps of [0, 1.5, NaN, Infinity]) assert.throws(() => apgd(LINF, { steps }), RangeError);
  for (const restarts of [0, 1.5]) assert.throws(() => apgd(LINF, { restarts }), RangeError);
  for (const rho of [-0.1, 1.1, NaN]) assert.throws(() => apgd(LINF, { rho }), RangeError);
  for (const eotSamples of [0, 2.5]) assert.throws(() => apgdT(LINF, { eotSamples }), RangeError);
  for (const targets of [0, 1.5]) assert.throws(() => apgdT(LINF, { targets }), RangeError);
  assert.throws(() => apgd({ norm: "linf", epsilon: 0 }), RangeError);
  assert.throws(() => apgdT({ norm: "linf", epsilon: 2 }), RangeError);
  assert.throws(() => apgdCeAttack.create(LINF, [], { targets: 3 }), /Cannot set option "targets" of attack "apgd-ce"/);
});

Deno.test("apgd() on DLR refuses 2 classes, and apgdT() 3 classes", async () => {
  for (
    const [classes, attack, message] of [
      [2, apgd(LINF, { loss: "dlr" }), "Cannot use the DLR loss with 2 classes: it needs at least 3"],
      [3, apgdT(LINF, { targets: 2 }), "Cannot use the targeted DLR loss with 3 classes: it needs at least 4"],
    ] as const
  ) {
    const { model, batch, dispose } = await makeSubject(await cpuEngine.open(), classes);
    await assert.rejects(attack.perturb(model, batch, drawFrom(1)), new RangeError(message));
    dispose();
  }
});

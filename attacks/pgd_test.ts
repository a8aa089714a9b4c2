import * as tf from "@tensorflow/tfjs";
import assert from "node:assert/strict";
import { cpuEngine } from "../backends/cpu.ts";
import { correctness, drawFrom, makeSubject, type Subject } from "./_test_subject.ts";
import type { ThreatModel } from "./attack.ts";
import { pgd, type PgdOptions } from "./pgd.ts";
import { pgdSteps } from "./pgd_steps.ts";
import { uniformStart, zeroStart } from "./starts.ts";

const LINF: ThreatModel = { norm: "linf", epsilon: 0.2 };

async function withSubject(use: (subject: Subject) => Promise<void>): Promise<void> {
  const subject = await makeSubject(await cpuEngine.open());
  try {
    await use(subject);
  } finally {
    subject.dispose();
  }
}

async function correctAfter({ model, batch }: Subject, threat: ThreatModel, options: PgdOptions): Promise<number[]> {
  const images = await pgd(threat, options).perturb(model, batch, drawFrom(7));
  const correct = await correctness(model, images, batch.y);
  images.dispose();
  return correct;
}

Deno.test("pgd() with more restarts never turns a fooled image correct", () =>
  withSubject(async (subject) => {
    for (const earlyStop of [false, true]) {
      for (const threat of [{ norm: "linf", epsilon: 0.05 }, { norm: "l2", epsilon: 0.3 }] as const) {
        let fewer = await correctAfter(subject, threat, { steps: 2, earlyStop });
        for (const restarts of [2, 4, 8]) {
          const more = await correctAfter(subject, threat, { steps: 2, earlyStop, restarts });
          assert.ok(more.every((correct, i) => correct <= fewer[i]!), `${restarts} restarts: ${fewer} became ${more}`);
          fewer = more;
        }
      }
    }
  }));

Deno.test("pgd() with early stop fools the same images as without", () =>
  withSubject(async (subject) => {
    const options = { steps: 2, restarts: 4 };
    assert.deepEqual(
      await correctAfter(subject, { norm: "linf", epsilon: 0.05 }, { ...options, earlyStop: true }),
      await correctAfter(subject, { norm: "linf", epsilon: 0.05 }, options),
    );
  }));

Deno.test("pgd() over restarts prefers a success to a higher loss", () =>
  withSubject(async ({ batch }) => {
    // Logits [x, 1 - x, 0]: an image is fooled (label 1) where its first pixel exceeds 0.5; the loss has its maximum
    // elsewhere, so the highest loss and the only success are different restarts.
    const x = tf.fill([1, 8, 8, 1], 0.4) as tf.Tensor4D;
    const y = tf.tensor1d([1], "int32");
    const at = (value: number) => tf.fill([1, 8, 8, 1], value - 0.4) as tf.Tensor4D;
    const first = (images: tf.Tensor4D) => tf.reshape(tf.slice(images, [0, 0, 0, 0], [-1, 1, 1, 1]), [-1, 1]);
    const model = {
      classes: 3,
      kernels: {
        ...(await cpuEngine.open()).kernels,
        crossEntropy: (logits: tf.Tensor2D) =>
          tf.reshape(tf.neg(tf.slice(logits, [0, 0], [-1, 1])), [-1]) as tf.Tensor1D,
      },
      logits: (images: tf.Tensor4D) => {
        const value = first(images);
        return tf.concat([value, tf.sub(1, value), tf.zerosLike(value)], 1) as tf.Tensor2D;
      },
    };
    const starts = [at(0.25), at(0.59), at(0.3)];
    const attack = pgd({ norm: "linf", epsilon: 0.2 }, { steps: 1, stepSize: 1e-6, restarts: 3 });
    const images = await attack.perturb(model, { x, y, ids: batch.ids.slice(0, 1) }, drawFrom(1), { starts });
    assert.ok(Math.abs((await images.data())[0]! - 0.59) < 1e-4);
    tf.dispose([x, y, images, ...starts]);
  }));

Deno.test("pgdSteps() with freezeFooled leaves fooled images where they are fooled", () =>
  withSubject(async ({ model, batch }) => {
    const draw = drawFrom(3);
    const start = uniformStart(LINF, batch.x.shape, batch.ids, (id) => draw("start", id));
    const options = { threat: LINF, stepSize: 0.02, loss: "cross-entropy", freezeFooled: true } as const;
    let before: number[] = [], last: Float32Array | undefined, frozen = 0;
    for (let steps = 0; steps <= 8; steps++) {
      const images = pgdSteps(model, batch, start, { ...options, steps });
      const values = await images.data<"float32">();
      const correct = await correctness(model, images, batch.y);
      for (const [row, wasCorrect] of before.entries()) {
        if (wasCorrect) continue;
        frozen++;
        assert.deepEqual(values.subarray(64 * row, 64 * row + 64), last!.subarray(64 * row, 64 * row + 64));
        assert.equal(correct[row], 0);
      }
      [before, last] = [correct, values];
      images.dispose();
    }
    assert.ok(frozen > 8, "hardly any image was ever fooled");
    start.dispose();
  }));

Deno.test("pgdSteps() leaves its start alone and keeps nothing but the result", () =>
  withSubject(async ({ model, batch }) => {
    const start = zeroStart(batch.x);
    const before = tf.memory().numTensors;
    const images = pgdSteps(model, batch, start, { threat: LINF, stepSize: 0.1, steps: 3, loss: "margin" });
    assert.equal(tf.memory().numTensors, before + 1);
    assert.deepEqual([...new Set(await start.data())], [0]);
    tf.dispose([images, start]);
  }));

Deno.test("pgd() takes the recorded starts in place of random ones", () =>
  withSubject(async ({ model, batch }) => {
    const start = zeroStart(batch.x);
    const given = await pgd(LINF, { steps: 3 }).perturb(model, batch, drawFrom(1), { starts: [start] });
    const zero = await pgd(LINF, { steps: 3, randomStart: false }).perturb(model, batch, drawFrom(1));
    assert.deepEqual(await given.data(), await zero.data());
    await assert.rejects(
      pgd(LINF, { steps: 1, restarts: 2 }).perturb(model, batch, drawFrom(1), { starts: [start] }),
      new RangeError("Cannot start restart 1: no start is recorded for it"),
    );
    tf.dispose([start, given, zero]);
  }));

Deno.test("pgd() says in its label what runs", () => {
  assert.equal(pgd(LINF, { steps: 20 }).label, "PGD-20, L∞ ε=0.2, α=0.025, 1 restart, random start");
  assert.equal(
    pgd({ norm: "linf", epsilon: 8 / 255 }, { steps: 10, restarts: 5, freezeFooled: true, loss: "margin" }).label,
    "PGD-10, L∞ ε=8/255, α=2/255, 5 restarts, random start, margin loss, fooled images moved no further",
  );
  assert.equal(pgd(LINF, { steps: 20, restarts: 3 }).passes, 60);
  assert.deepEqual(pgd(LINF, { steps: 20 }).resolved, {
    steps: 20,
    stepSize: 0.025,
    restarts: 1,
    randomStart: true,
    loss: "cross-entropy",
    earlyStop: false,
    freezeFooled: false,
  });
});

Deno.test("pgd() refuses options out of range", () => {
  for (const steps of [0, -1, 2.5, NaN]) assert.throws(() => pgd(LINF, { steps }), /Cannot run PGD with/);
  for (const stepSize of [0, -1, NaN, Infinity]) assert.throws(() => pgd(LINF, { steps: 1, stepSize }), RangeError);
  for (const restarts of [0, 1.5]) assert.throws(() => pgd(LINF, { steps: 1, restarts }), RangeError);
  assert.throws(() => pgd(LINF, { steps: 1, restarts: 2, randomStart: false }), /all would be the same/);
});

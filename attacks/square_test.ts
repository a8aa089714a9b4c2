import * as tf from "@tensorflow/tfjs";
import assert from "node:assert/strict";
import { cpuEngine } from "../backends/cpu.ts";
import { correctness, drawFrom, makeSubject, rowsOf, type Subject } from "./_test_subject.ts";
import type { ThreatModel } from "./attack.ts";
import { square, type SquareOptions } from "./square.ts";
import { verify } from "./verify.ts";

const LINF: ThreatModel = { norm: "linf", epsilon: 0.1 };
const L2: ThreatModel = { norm: "l2", epsilon: 0.6 };

async function withSubject(use: (subject: Subject) => Promise<void>): Promise<void> {
  const subject = await makeSubject(await cpuEngine.open());
  try {
    await use(subject);
  } finally {
    subject.dispose();
  }
}

/** Pixels of the answer, and which images are still correct. */
async function attacked({ model, batch }: Subject, threat: ThreatModel, options: SquareOptions) {
  const images = await square(threat, options).perturb(model, batch, drawFrom(7));
  const correct = await correctness(model, images, batch.y);
  const { violations } = await verify(model, batch, images, threat);
  assert.deepEqual(violations, []);
  const values = await images.data<"float32">();
  images.dispose();
  return { correct, values };
}

Deno.test("square() with more queries or restarts leaves fooled images as they were fooled", () =>
  withSubject(async (subject) => {
    for (const threat of [LINF, L2]) {
      for (const option of ["queries", "restarts"] as const) {
        const run = (count: number) => attacked(subject, threat, { queries: 1, [option]: count });
        let fewer = await run(1);
        const first = fewer;
        for (const count of [4, 12, 40]) {
          const more = await run(count);
          fewer.correct.forEach((correct, row) => {
            if (correct) return;
            assert.equal(more.correct[row], 0);
            const pixels = ({ values }: typeof more) => values.subarray(64 * row, 64 * row + 64);
            assert.deepEqual(pixels(more), pixels(fewer));
          });
          fewer = more;
        }
        const left = (run: typeof first) => run.correct.filter(Boolean).length;
        assert.ok(left(fewer) < left(first), `${threat.norm}: 40 ${option} fool no more than 1`);
      }
    }
  }));

Deno.test("square() gives back x where x is misclassified or cannot be fooled", () =>
  withSubject(async (subject) => {
    const clean = await subject.batch.x.data();
    const before = await correctness(subject.model, subject.batch.x, subject.batch.y);
    for (const threat of [LINF, L2]) {
      const { correct, values } = await attacked(subject, { ...threat, epsilon: threat.epsilon / 2 }, { queries: 20 });
      assert.ok(correct.includes(1) && before.includes(0));
      correct.forEach((stillCorrect, row) => {
        if (!stillCorrect && before[row]) return;
        assert.deepEqual(values.slice(64 * row, 64 * row + 64), clean.slice(64 * row, 64 * row + 64));
      });
    }
  }));

Deno.test("square() gives every image the same bits in batches of 1, 3 and 7", () =>
  withSubject(async (subject) => {
    const { model, batch } = subject;
    for (const threat of [LINF, L2]) {
      const whole = await attacked(subject, threat, { queries: 15, restarts: 2 });
      for (const size of [1, 3]) {
        for (let begin = 0; begin < 7; begin += size) {
          const part = rowsOf(batch, begin, Math.min(begin + size, 7));
          const { values } = await attacked({ ...subject, model, batch: part }, threat, { queries: 15, restarts: 2 });
          assert.deepEqual(values, whole.values.slice(64 * begin, 64 * begin + values.length));
          tf.dispose([part.x, part.y]);
        }
      }
    }
  }));

Deno.test("square() asks about images that are not fooled yet, and about nothing else", () =>
  withSubject(async ({ model, batch }) => {
    const asked: number[] = [];
    const counting = {
      ...model,
      logits: (x: tf.Tensor4D) => {
        asked.push(x.shape[0]);
        return model.logits(x);
      },
    };
    const attack = square(LINF, { queries: 30 });
    (await attack.perturb(counting, batch, drawFrom(7))).dispose();
    assert.ok(asked.length <= attack.forwards);
    assert.deepEqual(asked.slice(0, 2), [7, 6]); // all, then those that are classified correctly
    assert.ok(asked.every((count, i) => i === 0 || count <= asked[i - 1]!));
    assert.ok(asked.at(-1)! < 6);
  }));

Deno.test("square() says in its label what runs", () => {
  const standard = square({ norm: "linf", epsilon: 8 / 255 });
  assert.equal(standard.label, "Square, L∞ ε=8/255, 5000 queries, 1 restart, p=0.8");
  assert.deepEqual(standard.resolved, { queries: 5000, restarts: 1, p: 0.8, rescaleSchedule: false });
  assert.deepEqual([standard.passes, standard.forwards], [0, 5002]);
  assert.equal(
    square(L2, { queries: 1, restarts: 2, p: 0.3, rescaleSchedule: true }).label,
    "Square, L2 ε=0.6, 1 query, 2 restarts, p=0.3, schedule rescaled",
  );
});

Deno.test("square() refuses options out of range", () => {
  for (const queries of [0, 1.5, NaN]) assert.throws(() => square(LINF, { queries }), RangeError);
  for (const restarts of [0, 1.5]) assert.throws(() => square(LINF, { restarts }), RangeError);
  for (const p of [0, -1, 1.1]) assert.throws(() => square(LINF, { p }), /Cannot set option "p" of attack "square"/);
});

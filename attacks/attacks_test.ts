import * as tf from "@tensorflow/tfjs";
import assert from "node:assert/strict";
import { engines } from "../backends/registry.ts";
import type { Engine } from "../backends/engine.ts";
import type { OptionValues } from "../models/options.ts";
import { correctness, drawFrom, makeSubject, rowsOf, type Subject } from "./_test_subject.ts";
import type { Attack, RecordedDraws, ThreatModel } from "./attack.ts";
import { fgsm } from "./fgsm.ts";
import { attacks, findAttack } from "./registry.ts";
import { clipStart, uniformStart, zeroStart } from "./starts.ts";
import { verify } from "./verify.ts";

const LINF: ThreatModel = { norm: "linf", epsilon: 0.2 };
const L2: ThreatModel = { norm: "l2", epsilon: 1.5 };

/** As many as APGD-T needs, and one more. */
const CLASSES = 5;

/** Each registered attack in each way of running that has code of its own. */
const ROWS: readonly (readonly [name: string, threat: ThreatModel, options?: OptionValues])[] = [
  ["fgsm", LINF],
  ["fgsm", L2],
  ["fgsm", LINF, { loss: "margin" }],
  ["pgd-4", LINF],
  ["pgd-4", L2],
  ["pgd-4", LINF, { randomStart: false, loss: "margin" }],
  ["pgd-4", LINF, { restarts: 3 }],
  ["pgd-4", LINF, { restarts: 3, earlyStop: true, freezeFooled: true, stepSize: 0.03 }],
  ["pgd-4", L2, { restarts: 2, earlyStop: true, freezeFooled: true, loss: "margin" }],
  ["apgd-ce", LINF, { steps: 8 }],
  ["apgd-ce", L2, { steps: 8, restarts: 2 }],
  ["apgd-dlr", LINF, { steps: 8, eotSamples: 2 }],
  ["apgd-t", LINF, { steps: 6 }],
  ["apgd-t", L2, { steps: 6, targets: 2, restarts: 2 }],
  ["fab", LINF, { steps: 6 }],
  ["fab-t", LINF, { steps: 6 }],
  ["fab-t", L2, { steps: 4, restarts: 2 }],
  ["square", LINF, { queries: 15 }],
  ["square", LINF, { queries: 15, restarts: 2, rescaleSchedule: true, p: 0.3 }],
  ["square", L2, { queries: 15, restarts: 2 }],
  ["cw-4", LINF, { restarts: 2, stepSize: 0.05 }],
  ["cw-20", L2, { searchSteps: 6 }],
  ["mi-fgsm-4", LINF],
  ["mi-fgsm-4", L2, { decay: 0.9, stepSize: 0.5, loss: "margin" }],
  ["uniform-noise", LINF],
  ["uniform-noise", L2, { restarts: 3 }],
  ["gaussian-noise", LINF, { restarts: 3 }],
  ["gaussian-noise", L2],
];

for (const definition of engines) {
  const availability = await definition.available();
  const ignore = !availability.available;
  for (const [name, threat, options] of ROWS) {
    const attack = findAttack(name, threat, options);
    Deno.test({
      name: `${attack.label} keeps the promises of every attack on ${definition.name}`,
      ignore,
      async fn() {
        assert.deepEqual(await brokenPromises(attack, await definition.open()), []);
      },
    });
  }
}

Deno.test("the promises of every attack reject an attack that breaks them", async () => {
  let calls = 0;
  const honest = fgsm(LINF);
  const broken: Attack = {
    ...honest,
    name: "broken",
    perturb(_model, { x }) {
      calls++;
      tf.scalar(0); // a tensor left over
      return Promise.resolve(tf.tidy(() => tf.add(tf.add(x, tf.mul(tf.max(x), 0.3)), 1e-3 * calls)));
    },
  };
  const found = await brokenPromises(broken, await engines.find(({ name }) => name === "cpu")!.open());
  const kinds = new Set(found.map((line) => line.split(":")[0]));
  assert.deepEqual([...kinds].sort(), ["batch", "seed", "tensors", "verified"]);
});

Deno.test("every registered attack has rows in the table", () => {
  for (const { name, example } of attacks) {
    if (findAttack(example, LINF).stages) continue; // made of the others: ensemble_test.ts
    const prefix = name.replace(/[A-Z].*/, "");
    assert.ok(ROWS.some(([row]) => row.startsWith(prefix)), `${example} has no row`);
  }
  assert.deepEqual(attacks.map(({ name }) => name), attacks.map(({ name }) => name).toSorted());
});

Deno.test("every registered attack refuses options and threat models that it does not know", () => {
  for (const { name, example, options } of attacks) {
    assert.ok(findAttack(example, LINF).label.length > 0);
    assert.throws(() => findAttack(example, LINF, { colour: 1 }), /Cannot set option "colour" of attack/, name);
    for (const option of Object.keys(options)) {
      assert.throws(() => findAttack(example, LINF, { [option]: "sideways" }), RangeError, `${name} ${option}`);
    }
    for (const epsilon of [0, -0.1, NaN, Infinity, 1.5]) {
      assert.throws(() => findAttack(example, { norm: "linf", epsilon }), /Cannot attack with epsilon/, name);
    }
  }
});

/** What an attack does that no attack may do, one line each, beginning with the kind of promise. */
async function brokenPromises(attack: Attack, engine: Engine): Promise<string[]> {
  const subject = await makeSubject(engine, CLASSES);
  try {
    return [
      ...await unverified(attack, subject),
      ...await seedsIgnored(attack, subject),
      ...await batchDependence(attack, subject, engine),
      ...await tensorsLeft(attack, subject, engine),
    ];
  } finally {
    subject.dispose();
  }
}

async function unverified(attack: Attack, { model, batch }: Subject): Promise<string[]> {
  const lines: string[] = [];
  for (const [name, recorded] of starts(attack, batch.x, batch.ids)) {
    const images = await attack.perturb(model, batch, drawFrom(1), recorded);
    const { violations, maxPerturbation } = await verify(model, batch, images, attack.threat);
    lines.push(...violations.map((violation) => `verified: from ${name} ${violation}`));
    if (maxPerturbation < attack.threat.epsilon / 10) lines.push(`verified: from ${name} hardly anything moved`);
    tf.dispose([images, ...recorded?.starts ?? []]);
  }
  return lines;
}

/** Random draws, the image itself, a corner of the ball, a point outside the box, and one outside the ball. */
function starts(attack: Attack, x: tf.Tensor4D, ids: Uint32Array): (readonly [string, RecordedDraws?])[] {
  const restarts = Number(attack.resolved["restarts"] ?? 1);
  const every = (make: () => tf.Tensor4D) => ({ starts: Array.from({ length: restarts }, make) });
  const raw = (epsilon: number) =>
    uniformStart({ ...attack.threat, epsilon }, x.shape, ids, (id) => drawFrom(9)("raw", id));
  const { epsilon } = attack.threat;
  return [
    ["random draws"],
    ["the image", every(() => zeroStart(x))],
    ["the top corner", every(() => tf.tidy(() => clipStart(x, tf.fill(x.shape, epsilon))))],
    ["outside the box", every(() => raw(epsilon))],
    ["outside the ball", every(() => raw(3 * epsilon))],
  ];
}

async function seedsIgnored(attack: Attack, { model, batch }: Subject): Promise<string[]> {
  const first = await values(attack.perturb(model, batch, drawFrom(1)));
  const second = await values(attack.perturb(model, batch, drawFrom(1)));
  const other = await values(attack.perturb(model, batch, drawFrom(2)));
  const lines = sameBits(first, second) ? [] : ["seed: the same seed gives other images"];
  if (attack.resolved["randomStart"] && sameBits(first, other)) lines.push("seed: another seed gives the same images");
  return lines;
}

/** Bit for bit on wasm and cpu; TensorFlow's products may round otherwise in another batch, and a sign may then differ. */
async function batchDependence(attack: Attack, { model, batch }: Subject, engine: Engine): Promise<string[]> {
  const whole = await values(attack.perturb(model, batch, drawFrom(1)));
  const lines: string[] = [];
  for (const size of [1, 3]) {
    const parts: number[] = [];
    for (let begin = 0; begin < batch.ids.length; begin += size) {
      const part = rowsOf(batch, begin, Math.min(begin + size, batch.ids.length));
      parts.push(...await values(attack.perturb(model, part, drawFrom(1))));
      tf.dispose([part.x, part.y]);
    }
    const same = engine.name === "tensorflow"
      ? otherImages(whole, parts, batch.ids.length) <= 1
      : sameBits(whole, parts);
    if (!same) lines.push(`batch: ${size} images at a time give other images than all at once`);
  }
  return lines;
}

/** Images of which some pixel differs by more than rounding. */
function otherImages(a: readonly number[], b: readonly number[], count: number): number {
  const pixels = a.length / count;
  const differs = (image: number): boolean =>
    a.slice(image * pixels, (image + 1) * pixels).some((value, i) => Math.abs(value - b[image * pixels + i]!) > 1e-5);
  return Array.from({ length: count }, (_, image) => differs(image)).filter(Boolean).length;
}

async function tensorsLeft(attack: Attack, { model, batch }: Subject, engine: Engine): Promise<string[]> {
  const before = engine.memory().tensors;
  (await attack.perturb(model, batch, drawFrom(1))).dispose();
  const left = engine.memory().tensors - before;
  return left === 0 ? [] : [`tensors: ${left} are left over`];
}

async function values(images: Promise<tf.Tensor4D>): Promise<number[]> {
  const tensor = await images;
  const data = await tensor.data();
  tensor.dispose();
  return [...data];
}

function sameBits(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, i) => Object.is(value, b[i]));
}

Deno.test("attacks fool images that the network classifies correctly", async () => {
  const subject = await makeSubject(await engines.find(({ name }) => name === "cpu")!.open(), CLASSES);
  const { model, batch } = subject;
  const before = (await correctness(model, batch.x, batch.y)).filter(Boolean).length;
  for (const [name, threat, options] of ROWS) {
    if (name.endsWith("-noise")) continue; // controls
    const images = await findAttack(name, threat, options).perturb(model, batch, drawFrom(1));
    const after = (await correctness(model, images, batch.y)).filter(Boolean).length;
    assert.ok(after < before, `${name} leaves ${after} of ${before} images correct`);
    images.dispose();
  }
  subject.dispose();
});

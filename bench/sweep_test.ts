import * as tf from "@tensorflow/tfjs";
import assert from "node:assert/strict";
import { classifier } from "../attacks/classifier.ts";
import { ensemble } from "../attacks/ensemble.ts";
import { apgdCeAttack } from "../attacks/apgd.ts";
import { pgd } from "../attacks/pgd.ts";
import { square } from "../attacks/square.ts";
import { cpuEngine } from "../backends/cpu.ts";
import { soloTeam, type Team } from "../backends/team.ts";
import type { Split } from "../data/dataset.ts";
import { findModel } from "../models/registry.ts";
import { toTensors } from "../models/weights.ts";
import { random } from "../random/random.ts";
import { evaluate } from "./evaluation.ts";
import type { EvaluationTask } from "./evaluation_task.ts";
import type { OutcomeChunk, OutcomeStore } from "./outcome_store.ts";
import { type Sweep, sweep, type SweepOutcome } from "./sweep.ts";

const COUNT = 20, THREAT = { norm: "linf", epsilon: 0.05 } as const;

/** Images of two pixels; the first one's byte is ten times the image's position. */
const split: Split = {
  name: "test",
  images: Uint8Array.from({ length: 2 * COUNT }, (_, i) => i % 2 === 0 ? 5 * i : 255),
  labels: new Uint8Array(COUNT),
  ids: Uint32Array.from({ length: COUNT }, (_, i) => 100 + i),
};

function taskOf(change: Partial<EvaluationTask> = {}): EvaluationTask {
  return {
    ...{ split, shape: [1, 2, 1], batch: 3, attacks: new Map(), team: soloTeam(1), outcomes: true },
    draw: (stream, ...indices) => random(0, stream, ...indices),
    onProgress: () => {},
    shouldStop: () => false,
    ...change,
  };
}

/** Finds every third image fooled, by an image that tells which it is. */
function thirds(met: number[] = []): Sweep {
  return {
    key: "thirds",
    what: "thirds",
    positions: Array.from({ length: COUNT - 1 }, (_, i) => i + 1), // not the first one
    judge(batch, positions) {
      met.push(...positions);
      assert.deepEqual([...batch.ids], positions.map((position) => 100 + position));
      const fooled = positions.filter((position) => position % 3 === 0);
      return Promise.resolve({
        outcomes: positions.map((position) => position % 3 === 0 ? 0 : 1),
        predicted: Int32Array.from(positions),
        images: Float32Array.from(fooled.flatMap((position) => [position, -position])),
        maxPerturbation: Math.max(...positions) / 100,
        violations: positions.filter((position) => position % 5 === 0).length,
      });
    },
  };
}

/** What a sweep came to but for its seconds. */
function untimed({ outcomes, images, maxPerturbation, violations }: SweepOutcome) {
  const sorted = <T>(map: ReadonlyMap<number, T>) => [...map].sort(([a], [b]) => a - b);
  return { outcomes: sorted(outcomes), images: sorted(images), maxPerturbation, violations };
}

/** Notes what is saved, and knows what earlier attempts saved. */
function storeOf(known: readonly (readonly [string, OutcomeChunk])[] = []) {
  const saved: [string, OutcomeChunk][] = [];
  const store: OutcomeStore = {
    known: (key) => known.filter(([of]) => of === key).map(([, chunk]) => chunk),
    save: (key, chunk) => void saved.push([key, chunk]),
  };
  return { store, saved };
}

/** Does the work of each member of a team in turn, over and over, until each has said what the others were told of it: a
 *  member's words up to its n-th gathering depend on the n - 1 gatherings before alone. */
async function inTurn<T>(size: number, work: (team: Team) => Promise<T>): Promise<T[]> {
  let said: number[][][] = Array.from({ length: size }, () => []);
  for (;;) {
    const saying: number[][][] = Array.from({ length: size }, () => []), results: T[] = [];
    for (let rank = 0; rank < size; rank++) {
      const own = saying[rank]!;
      const allGather = (values: readonly number[]) => {
        own.push([...values]);
        return said.map((ofRank) => ofRank[own.length - 1]?.slice() ?? values.map(() => 0));
      };
      results.push(await work({ ...soloTeam(8), rank, size, allGather }));
    }
    if (JSON.stringify(saying) === JSON.stringify(said)) return results;
    said = saying;
  }
}

Deno.test("sweep() asks of each image once and comes to the same for every batch size", async () => {
  const results = await Promise.all([1, 3, 7, 64].map(async (batch) => {
    const met: number[] = [];
    const result = untimed(await sweep(taskOf({ batch }), thirds(met)));
    assert.deepEqual(met, thirds().positions);
    return result;
  }));
  for (const result of results) assert.deepEqual(result, results[0]);
  assert.deepEqual(results[0]!.images.map(([position]) => position), [3, 6, 9, 12, 15, 18]);
  assert.deepEqual(results[0]!.images[1], [6, Float32Array.of(6, -6)]);
  assert.deepEqual([results[0]!.maxPerturbation, results[0]!.violations], [0.19, 3]);
});

Deno.test("sweep() tells each worker of a team all outcomes, and shares the images among them", async () => {
  const alone = untimed(await sweep(taskOf(), thirds()));
  for (const size of [2, 3, 8]) {
    const results = (await inTurn(size, (team) => sweep(taskOf({ team }), thirds()))).map(untimed);
    for (const result of results) assert.deepEqual({ ...result, images: alone.images }, alone);
    assert.deepEqual(results.flatMap(({ images }) => images), alone.images, `${size} workers`);
  }
});

Deno.test("sweep() asks nothing of images that an earlier attempt judged, whatever its batches and workers", async () => {
  const alone = untimed(await sweep(taskOf(), thirds()));
  const { store, saved } = storeOf();
  await sweep(taskOf({ store, batch: 4 }), thirds());
  assert.equal(saved.length, 5);
  for (let kept = 0; kept <= saved.length; kept++) {
    const known = [...saved.slice(0, kept), ["another", saved.at(-1)![1]] as const];
    for (const size of [1, 2, 3]) {
      const met = new Map<number, number[]>();
      const results = (await inTurn(size, (team) => {
        const asked: number[] = [];
        met.set(team.rank, asked);
        return sweep(taskOf({ team, store: storeOf(known).store }), thirds(asked));
      })).map(untimed);
      const open = thirds().positions.slice(4 * kept);
      assert.deepEqual([...met.values()].flat(), open, `${kept} chunks, ${size} workers`);
      const images = results.flatMap(({ images }) => images).sort(([a], [b]) => a - b);
      assert.deepEqual({ ...results[0]!, images }, alone);
    }
  }
});

Deno.test("sweep() adds the seconds of earlier attempts to its own", async () => {
  const { store, saved } = storeOf();
  await sweep(taskOf({ store }), thirds());
  const known = saved.map(([key, chunk]) => [key, { ...chunk, seconds: 1000 }] as const);
  const { seconds } = await sweep(taskOf({ store: storeOf(known).store }), thirds());
  assert.ok(seconds >= 1000 * known.length);
});

Deno.test("sweep() leaves no tensor, also where its judge throws", async () => {
  const before = tf.memory().numTensors;
  await sweep(taskOf(), thirds());
  await assert.rejects(sweep(taskOf(), { ...thirds(), judge: () => Promise.reject(new Error("out of tea")) }), /tea/);
  assert.equal(tf.memory().numTensors, before);
});

const engine = await cpuEngine.open();
const net = findModel("tiny-cnn").create({ height: 8, width: 8, channels: 1, classes: 5 });

/** Twenty made-up images, of the class that an untrained network takes them for, but for every seventh; a single attack and
 *  an ensemble. `judge` gives what an evaluation says but for its seconds. */
async function withNetwork(body: (judge: (change: Partial<EvaluationTask>) => Promise<unknown>) => Promise<void>) {
  const parameters = toTensors(net.initialize((name) => random(3, name)));
  const model = classifier(net, parameters, { kernels: engine.kernels, training: false });
  const images = Uint8Array.from({ length: COUNT * 64 }, (_, i) => 255 * random(5, "pixels", i).uniform());
  const answers = tf.tidy(() => tf.argMax(model.logits(tf.tensor4d(images, [COUNT, 8, 8, 1]).div(255)), 1).dataSync());
  const labels = Uint8Array.from(answers, (answer, i) => i % 7 === 0 ? (answer + 1) % 5 : answer);
  const both = ensemble({
    ...{ name: "both", label: "both", threat: THREAT, resolved: {} },
    stages: [
      apgdCeAttack.create({ ...THREAT, epsilon: 0.01 }, [], { steps: 5 }),
      square(THREAT, { queries: 20 }),
    ],
  });
  const attacks = new Map([["pgd-3", pgd(THREAT, { steps: 3 })], ["both", both]]);
  try {
    await body(async (change) => {
      const task = taskOf({ split: { ...split, images, labels }, shape: [8, 8, 1], attacks, ...change });
      const evaluation = await evaluate(model, task);
      return JSON.parse(JSON.stringify(evaluation), (key, value) => key === "seconds" ? undefined : value);
    });
  } finally {
    tf.dispose([...parameters.values()]);
  }
}

Deno.test("evaluate() comes to the same bits for batches of 1, 7 and 64 images and for one worker and two", () =>
  withNetwork(async (judge) => {
    const alone = await judge({ batch: 7 }) as Awaited<ReturnType<typeof evaluate>>;
    const [single, both] = alone.robust;
    assert.ok(single!.correct < alone.clean.correct, "some images are fooled");
    const [first, second] = both!.stages!;
    assert.ok(first!.correct > second!.correct, "the second stage fools some, too");
    assert.match(single!.correctBits!, /^[0-9a-f]{6}$/);
    for (const batch of [1, 64]) assert.deepEqual(await judge({ batch }), alone);
    for (const result of await inTurn(2, (team) => judge({ team, batch: 7 }))) assert.deepEqual(result, alone);
  }));

Deno.test("evaluate() with the first batches of an earlier attempt comes to the same and asks only of the others", () =>
  withNetwork(async (judge) => {
    const { store, saved } = storeOf();
    const whole = await judge({ store });
    const firstOf = (ending: string) => saved.findIndex(([key]) => key.endsWith(ending));
    const inPgd = firstOf("pgd-3") + 2, inSecondStage = firstOf("/2-square") + 1;
    assert.ok(saved.filter(([key]) => key.endsWith("/2-square")).length >= 2, "it is killed in the midst of a stage");
    const positionsOf = (chunks: typeof saved) => chunks.map(([key, { positions }]) => [key, [...positions]]);
    for (const kept of [1, inPgd, inSecondStage, saved.length]) {
      const again = storeOf(saved.slice(0, kept));
      assert.deepEqual(await judge({ store: again.store }), whole, `after ${kept} of ${saved.length} batches`);
      assert.deepEqual(positionsOf(again.saved), positionsOf(saved.slice(kept)));
    }
  }));

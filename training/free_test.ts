import * as tf from "@tensorflow/tfjs";
import assert from "node:assert/strict";
import { cpuEngine } from "../backends/cpu.ts";
import type { OptionValues } from "../models/options.ts";
import { findModel } from "../models/registry.ts";
import { toTensors } from "../models/weights.ts";
import { random } from "../random/random.ts";
import type { StepContext } from "./method.ts";
import { atBeginning, wholeBatch } from "./outside_run.ts";
import { findMethod } from "./registry.ts";
import { disposeResult } from "./running_statistics.ts";

const engine = await cpuEngine.open();
const model = findModel("tiny-cnn").create({ height: 6, width: 6, classes: 3 });
const EPSILON = 0.25;
const PIXELS = 36;

/** The carried δ after each of several batches of the given sizes, and δ after each replay, under the same weights. */
function train(name: string, options: OptionValues, sizes: readonly number[]) {
  const parameters = toTensors(model.initialize((parameter) => random(1, parameter)));
  const stream = random(2, "images");
  const carried: Float32Array[] = [], replays: Float32Array[] = [], images: Float32Array[] = [];
  const context: StepContext = {
    ...atBeginning({ engine, model, parameters }),
    trace: (quantity, _round, value) => {
      if (quantity === "delta") replays.push(value.dataSync().slice() as Float32Array);
    },
  };
  for (const count of sizes) {
    const pixels = Float32Array.from({ length: count * PIXELS }, () => stream.uniform());
    images.push(pixels);
    const x = tf.tensor4d(pixels, [count, 6, 6, 1]);
    const y = tf.tensor1d(Int32Array.from({ length: count }, (_, i) => i % 3), "int32");
    for (const result of findMethod(name, options).step(context, wholeBatch({ x, y }))) disposeResult(result);
    carried.push(context.state.get("delta")!.dataSync().slice() as Float32Array);
    tf.dispose([x, y]);
  }
  tf.dispose([...parameters.values(), ...context.state.values()]);
  return { carried, replays, images };
}

Deno.test("free moves δ by ε along a sign in each replay and keeps it within ε", () => {
  const { replays } = train("free-3", { epsilon: EPSILON }, [4]);
  assert.equal(replays.length, 3);
  assert.ok(replays[0]!.every((value) => [0, EPSILON].includes(Math.abs(value))));
  assert.ok(replays[0]!.some((value) => value === EPSILON) && replays[0]!.some((value) => value === -EPSILON));
  for (const replay of replays) assert.ok(replay.every((value) => Math.abs(value) <= EPSILON));
});

Deno.test("free carries δ to the next batch entry by entry; a smaller batch uses and updates the first entries", () => {
  const { carried, replays } = train("free-1", { epsilon: EPSILON }, [4, 2, 4]);
  const [first, second, third] = carried as [Float32Array, Float32Array, Float32Array];
  assert.deepEqual(carried.map(({ length }) => length), [4 * PIXELS, 4 * PIXELS, 4 * PIXELS]);
  assert.deepEqual(second.slice(0, 2 * PIXELS), replays[1]);
  assert.notDeepEqual(second.slice(0, 2 * PIXELS), first.slice(0, 2 * PIXELS));
  assert.deepEqual(second.slice(2 * PIXELS), first.slice(2 * PIXELS));
  third.forEach((value, i) => assert.ok(Math.abs(value - second[i]!) <= EPSILON));
  assert.ok(second.some((value, i) => value !== 0 && third[i] === 0), "some steps must go back to 0 from ±ε");
});

Deno.test("free gives entries that no batch had yet a δ of 0", () => {
  const { carried } = train("free-1", { epsilon: EPSILON }, [2, 4]);
  assert.equal(carried[1]!.length, 4 * PIXELS);
  assert.ok(carried[1]!.slice(2 * PIXELS).every((value) => [0, EPSILON].includes(Math.abs(value))));
});

Deno.test('free with variant "fast" keeps x+δ in the image box, with "original" not', () => {
  const outside = (variant: string): number => {
    const { carried, images } = train("free-2", { epsilon: EPSILON, variant }, [4]);
    return carried[0]!.filter((value, i) => images[0]![i]! + value < -1e-6 || images[0]![i]! + value > 1 + 1e-6).length;
  };
  assert.equal(outside("fast"), 0);
  assert.ok(outside("original") > 0);
});

Deno.test('free with variant "original" leaves a pixel where it is once x+δ is outside the box', () => {
  const { replays, images } = train("free-2", { epsilon: EPSILON }, [4]);
  const [first, second] = replays as [Float32Array, Float32Array];
  const stuck = [...first.keys()].filter((i) => {
    const sum = Math.fround(images[0]![i]! + first[i]!);
    return sum < 0 || sum > 1;
  });
  assert.ok(stuck.length > 0);
  for (const i of stuck) assert.equal(second[i], first[i]);
});

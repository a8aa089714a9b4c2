import * as tf from "@tensorflow/tfjs";
import assert from "node:assert/strict";
import { cpuEngine } from "../backends/cpu.ts";
import { findModel } from "../models/registry.ts";
import { toTensors } from "../models/weights.ts";
import { random } from "../random/random.ts";
import { newTally } from "./single_step.ts";
import { lossGradients } from "./gradients.ts";
import type { StepContext } from "./method.ts";
import { atBeginning } from "./outside_run.ts";
import { findMethod } from "./registry.ts";
import type { OptionValues } from "../models/options.ts";

const engine = await cpuEngine.open();
const model = findModel("tiny-cnn").create({ height: 6, width: 6, classes: 3 });
const parameters = toTensors(model.initialize((name) => random(1, name)));
const stream = random(2, "images");
/** Examples there are; most tests use the first few. */
const COUNT = 256;
const images = Float32Array.from({ length: COUNT * 36 }, () => stream.uniform());
const starts = Float32Array.from(images, () => stream.uniform(-0.1, 0.1));
const labels = Int32Array.from({ length: COUNT }, () => stream.integer(3));

/** Everything traced in one step over examples first..last-1, by "quantity@round". */
function trace(name: string, options: OptionValues, first = 0, last = 8): Map<string, Float32Array> {
  const traced = new Map<string, Float32Array>();
  const shape: [number, number, number, number] = [last - first, 6, 6, 1];
  tf.tidy(() => {
    const context: StepContext = {
      ...atBeginning({ engine, model, parameters }),
      recordedStart: tf.tensor4d(starts.slice(first * 36, last * 36), shape),
      trace: (quantity, round, value) => traced.set(`${quantity}@${round}`, value.dataSync().slice() as Float32Array),
    };
    const x = tf.tensor4d(images.slice(first * 36, last * 36), shape);
    const y = tf.tensor1d(labels.slice(first, last), "int32");
    const ids = Uint32Array.from({ length: last - first }, (_, i) => first + i);
    for (const result of findMethod(name, options).step(context, { x, y, ids, batchCount: last - first, first: 0 })) {
      for (const [name, value] of result.gradients) {
        traced.set(`sum/${name}`, value.dataSync().slice() as Float32Array);
      }
    }
  });
  return traced;
}

function assertClose(actual: Float32Array, expected: Float32Array, tolerance: number, what: string): void {
  assert.equal(actual.length, expected.length, what);
  const scale = Math.max(...expected.map(Math.abs));
  actual.forEach((value, i) => assert.ok(Math.abs(value - expected[i]!) <= tolerance * scale, `${what}[${i}]`));
}

const add = (...parts: Float32Array[]): Float32Array =>
  parts[0]!.map((_, i) => parts.reduce((sum, part) => sum + part[i]!, 0));

Deno.test('yopo with update "gradient" moves each example the same in a batch of 1 and of 256', () => {
  const options = { epsilon: 0.1, update: "gradient", stepSize: 0.5 };
  const together = trace("yopo-2-3", options, 0, COUNT);
  for (const i of [0, 1, 100, COUNT - 1]) {
    const alone = trace("yopo-2-3", options, i, i + 1);
    for (const round of [`eta@0`, `eta@1`]) {
      assertClose(
        alone.get(round)!,
        together.get(round)!.slice(i * 36, (i + 1) * 36),
        1e-5,
        `${round} of example ${i}`,
      );
    }
  }
  const unmoved = together.get("start@0")!.filter((value, i) => value === together.get("eta@0")![i]);
  assert.ok(unmoved.length < COUNT * 36 / 2, "the steps must move most pixels");
});

Deno.test("yopo ends every round within epsilon and the image box", () => {
  const traced = trace("yopo-3-2", { epsilon: 0.1, stepSize: 0.06 });
  for (const round of [0, 1, 2]) {
    traced.get(`eta@${round}`)!.forEach((eta, i) => {
      assert.ok(Math.abs(eta) <= 0.1 + 1e-7);
      assert.ok(images[i]! + eta >= -1e-7 && images[i]! + eta <= 1 + 1e-7);
    });
  }
});

Deno.test("yopo sums its rounds' gradients", () => {
  const traced = trace("yopo-3-2", { epsilon: 0.1 });
  for (const { name } of model.parameters) {
    const rounds = [0, 1, 2].map((round) => traced.get(`gradient/${name}@${round}`)!);
    assertClose(traced.get(`sum/${name}`)!, add(...rounds), 1e-6, name);
  }
});

Deno.test("yopo's first full pass has the gradients of the loss at the start, but for the first layer", () => {
  const traced = trace("yopo-1-1", { epsilon: 0.1 });
  const full = fullGradientsAtStart();
  assertClose(traced.get("gradient/fc1.kernel@0")!, full.get("fc1.kernel")!, 1e-5, "fc1.kernel");
  assert.throws(() => assertClose(traced.get("gradient/first.bias@0")!, full.get("first.bias")!, 1e-2, "first.bias"));
});

Deno.test("yopo's official variants add the full pass's first-layer gradient, torch 2 not to round 0's kernel", () => {
  const [paper, official, torch1] = ["paper", "official", "official-torch1"].map((variant) =>
    trace("yopo-2-2", { epsilon: 0.1, variant })
  ) as [Map<string, Float32Array>, Map<string, Float32Array>, Map<string, Float32Array>];
  const full = fullGradientsAtStart();
  const kernel = "gradient/first.kernel@0";
  const bias = "gradient/first.bias@0";
  assertClose(official.get(kernel)!, paper.get(kernel)!, 0, kernel);
  assertClose(torch1.get(kernel)!, add(paper.get(kernel)!, full.get("first.kernel")!), 1e-5, kernel);
  assertClose(official.get(bias)!, add(paper.get(bias)!, full.get("first.bias")!), 1e-5, bias);
  assertClose(torch1.get(bias)!, official.get(bias)!, 0, bias);
  for (const name of ["first.kernel", "first.bias"]) {
    assertClose(official.get(`gradient/${name}@1`)!, torch1.get(`gradient/${name}@1`)!, 0, name);
  }
  assertClose(official.get("sum/fc1.kernel")!, paper.get("sum/fc1.kernel")!, 0, "fc1.kernel");
});

/** Gradients of Σ cross-entropy at x + start over the first 8 examples, all layers. */
function fullGradientsAtStart(): Map<string, Float32Array> {
  return new Map(
    tf.tidy(() => {
      const started = images.slice(0, 8 * 36).map((value, i) => Math.fround(value + starts[i]!));
      const x = tf.tensor4d(started, [8, 6, 6, 1]);
      const y = tf.tensor1d(labels.slice(0, 8), "int32");
      const context = atBeginning({ engine, model, parameters });
      const forward = { kernels: engine.kernels, training: false };
      const { gradients } = lossGradients(context, { x, y }, forward, newTally());
      return [...gradients].map(([name, value]) => [name, value.dataSync().slice() as Float32Array] as const);
    }),
  );
}

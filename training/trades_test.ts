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
import { klDivergence } from "./trades_loss.ts";

const engine = await cpuEngine.open();
const model = findModel("tiny-cnn").create({ height: 6, width: 6, classes: 3 });
const parameters = toTensors(model.initialize((name) => random(1, name)));
const stream = random(2, "images");
const images = Float32Array.from({ length: 4 * 36 }, () => stream.uniform());
const EPSILON = 0.1;

/** Loss, gradients and everything traced in one step over 4 examples. */
function step(name: string, options: OptionValues = {}) {
  const traced = new Map<string, Float32Array>();
  const x = tf.tensor4d(images, [4, 6, 6, 1]), y = tf.tensor1d([0, 1, 2, 0], "int32");
  const context: StepContext = {
    ...atBeginning({ engine, model, parameters }),
    trace: (quantity, round, value) => traced.set(`${quantity}@${round}`, value.dataSync().slice() as Float32Array),
  };
  const [result] = [...findMethod(name, options).step(context, wholeBatch({ x, y }))];
  const loss = result!.lossSum.dataSync()[0]!;
  const gradients = new Map([...result!.gradients].map(([key, value]) => [key, value.dataSync() as Float32Array]));
  disposeResult(result!);
  tf.dispose([x, y]);
  return {
    loss,
    gradients,
    traced,
    klSum: traced.get("klSum@0")?.[0],
    crossEntropySum: traced.get("crossEntropySum@0")?.[0],
  };
}

const largest = (values: Iterable<number>): number => Math.max(...[...values].map(Math.abs));

Deno.test("klDivergence() is Σ p·(log p − log q), zero between equal predictions, finite for sure ones", () => {
  tf.tidy(() => {
    const p = tf.log(tf.tensor2d([[0.5, 0.25, 0.25], [0.2, 0.3, 0.5]])) as tf.Tensor2D;
    const q = tf.log(tf.tensor2d([[0.25, 0.5, 0.25], [0.2, 0.3, 0.5]])) as tf.Tensor2D;
    const [different, equal] = klDivergence(p, tf.add(q, 7)).dataSync();
    assert.ok(Math.abs(different! - 0.25 * Math.LN2) < 1e-6);
    assert.ok(Math.abs(equal!) < 1e-6);
    const sure = tf.tensor2d([[0, -200, -200]]);
    assert.ok(Math.abs(klDivergence(sure, tf.tensor2d([[-100, 0, 0]])).dataSync()[0]! - (100 + Math.LN2)) < 1e-4);
  });
});

for (const name of ["trades-3", "trades-yopo-2-2"]) {
  Deno.test(`${name} trains on cross-entropy of clean images + β·KL`, () => {
    const { loss, klSum, crossEntropySum } = step(name, { epsilon: EPSILON, beta: 6 });
    assert.ok(klSum! > 0);
    assert.ok(Math.abs(loss - (crossEntropySum! + 6 * klSum!)) < 1e-5 * loss);
    assert.ok(Math.abs(crossEntropySum! - step("natural").loss) < 1e-5 * loss);
  });

  Deno.test(`${name} with β 0 has the gradients of natural training`, () => {
    const expected = step("natural").gradients;
    for (const [parameter, values] of step(name, { epsilon: EPSILON, beta: 0 }).gradients) {
      const error = largest(values.map((value, i) => value - expected.get(parameter)![i]!));
      assert.ok(error <= 1e-6 * largest(expected.get(parameter)!), parameter);
    }
  });

  Deno.test(`${name} starts near x, moves within ε and the box, and more steps reach a larger divergence`, () => {
    const options = { epsilon: EPSILON, stepSize: EPSILON / 4 };
    const { traced, klSum } = step(name, options);
    const start = traced.get("start@0")!;
    assert.ok(largest(start) < 0.006 && largest(start) > 0.001);
    const end = traced.get("adversarial@0")?.map((value, i) => value - images[i]!) ?? traced.get("eta@1")!;
    end.forEach((eta, i) => {
      assert.ok(Math.abs(eta) <= EPSILON + 1e-6);
      assert.ok(images[i]! + eta >= -1e-6 && images[i]! + eta <= 1 + 1e-6);
    });
    const fewer = step(name === "trades-3" ? "trades-1" : "trades-yopo-1-1", options);
    assert.ok(klSum! > 1.5 * fewer.klSum!, `${klSum} and ${fewer.klSum}`);
  });

  Deno.test(`${name}'s gradient goes through both predictions: it is the slope of the loss`, () => {
    // One attack step from 0.001·N(0, 1) is a sign, so the images stay as they are when a weight moves by a little.
    const short = name === "trades-3" ? "trades-1" : "trades-yopo-1-1";
    const options = { epsilon: EPSILON, beta: 6 };
    const weight = parameters.get("fc1.bias")!;
    const slope = [0, 1, 2].map((i) => {
      const losses = [1, -1].map((sign) => {
        const shifted = weight.dataSync().slice();
        shifted[i]! += sign * 0.01;
        parameters.set("fc1.bias", tf.tensor(shifted, weight.shape));
        const { loss } = step(short, options);
        parameters.get("fc1.bias")!.dispose();
        return loss;
      });
      return (losses[0]! - losses[1]!) / 0.02;
    });
    parameters.set("fc1.bias", weight);
    const gradient = step(short, options).gradients.get("fc1.bias")!;
    slope.forEach((value, i) =>
      assert.ok(Math.abs(value - gradient[i]!) <= 0.01 * largest(gradient), `${value} ${gradient[i]}`)
    );
  });
}

Deno.test("trades-yopo-1-1 and trades-1 attack alike from the same start", () => {
  const options = { epsilon: EPSILON, stepSize: 0.05, beta: 1 };
  const [plain, yopo] = [step("trades-1", options), step("trades-yopo-1-1", options)];
  const moved = plain.traced.get("adversarial@0")!.map((value, i) => value - images[i]!);
  const differing = moved.filter((value, i) => Math.abs(value - yopo.traced.get("eta@0")![i]!) > 1e-6).length;
  assert.ok(differing <= 0.02 * moved.length, `${differing} of ${moved.length} pixels differ`);
});

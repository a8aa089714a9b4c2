/** Compares engines on the same values. @module */

import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import type { Engine, EngineName, OpenOptions } from "../engine.ts";
import { findEngine } from "../registry.ts";

/** A tensor's shape and values, free of any backend. */
export interface Values {
  readonly shape: number[];
  readonly values: Float32Array;
}

/** Seed and size of the property tests. */
export const properties = { seed: 1905, numRuns: 60 };

/** Largest relative error of one product against another in float32. */
const TOLERANCE = 1e-5;

/** Runs `compute` on an engine, from values to values, and checks that it leaves no tensor behind. */
export async function on(
  name: EngineName,
  inputs: readonly Values[],
  compute: (engine: Engine, inputs: tf.Tensor[]) => tf.Tensor[],
  options: OpenOptions = {},
): Promise<Values[]> {
  const engine = await findEngine(name).open(options);
  const before = engine.memory();
  const tensors = inputs.map(({ shape, values }) => tf.tensor(values, shape));
  const held = tf.memory().numTensors;
  const outputs = compute(engine, tensors);
  assert.equal(tf.memory().numTensors, held + outputs.length, `${name} leaves tensors behind`);
  const results = outputs.map((output) => ({ shape: output.shape, values: output.dataSync<"float32">() }));
  tf.dispose([...tensors, ...outputs]);
  assert.deepEqual(engine.memory(), before, `${name} leaves memory behind`);
  return results;
}

/** Checks shapes, and that max|actual - expected| / max|expected| is at most the tolerance for each output. */
export function assertClose(actual: readonly Values[], expected: readonly Values[]): void {
  assert.equal(actual.length, expected.length);
  actual.forEach(({ shape, values }, i) => {
    const reference = expected[i]!;
    assert.deepEqual(shape, reference.shape);
    const error = Math.max(0, ...values.map((value, j) => Math.abs(value - reference.values[j]!)));
    const relative = error / Math.max(...reference.values.map(Math.abs), 1e-20);
    assert.ok(relative <= TOLERANCE, `output ${i} of shape ${shape}: relative error ${relative}`);
  });
}

/** Values in low..high that a seed determines. */
export function noise(shape: number[], seed: number, low = -1, high = 1): Values {
  const values = Float32Array.from({ length: tf.util.sizeFromShape(shape) }, (_, i) => {
    const wave = Math.sin((seed % 1000) * 12.9898 + (i + 1) * 78.233) * 43758.5453;
    return low + (high - low) * (wave - Math.floor(wave));
  });
  return { shape, values };
}

/** The value of a function of tensors, then its gradient in each for a given gradient of the value. */
export function valueAndGradients(
  compute: (...inputs: tf.Tensor[]) => tf.Tensor,
  inputs: tf.Tensor[],
  upstream: tf.Tensor,
): tf.Tensor[] {
  const { value, grads } = tf.valueAndGrads(compute)(inputs, upstream);
  return [value, ...grads];
}

/** What the tests of this room attack: a small random network and seven images. @module */

import * as tf from "@tensorflow/tfjs";
import type { Engine } from "../backends/engine.ts";
import { toTensors } from "../models/weights.ts";
import { findModel } from "../models/registry.ts";
import { random } from "../random/random.ts";
import type { AttackBatch, Classifier, Draw } from "./attack.ts";
import { classifier } from "./classifier.ts";
import { judge } from "./judge.ts";

/** A network, images and labels; `dispose` releases them all. */
export interface Subject {
  readonly model: Classifier;
  /** Seven 8x8x1 images, some pixels exactly 0 or 1; the label is the network's own answer, but for the last image. */
  readonly batch: AttackBatch;
  dispose(): void;
}

/** Makes the subject on the open engine. */
export async function makeSubject(engine: Engine, classes = 3): Promise<Subject> {
  const definition = findModel("tiny-cnn").create({ height: 8, width: 8, channels: 1, classes });
  const parameters = toTensors(definition.initialize((name) => random(3, name)));
  const model = classifier(definition, parameters, { kernels: engine.kernels, training: false });
  const ids = Uint32Array.of(4, 8, 15, 16, 23, 42, 108);
  const x = tf.tensor4d(pixels(ids), [ids.length, 8, 8, 1]);
  const answer = tf.tidy(() => tf.argMax(model.logits(x), 1));
  const answers = await answer.data();
  answer.dispose();
  const labels = Array.from(answers, (answer, i) => i === ids.length - 1 ? (answer + 1) % classes : answer);
  const y = tf.tensor1d(labels, "int32");
  return { model, batch: { x, y, ids }, dispose: () => tf.dispose([x, y, ...parameters.values()]) };
}

function pixels(ids: Uint32Array): number[] {
  return [...ids].flatMap((id) => {
    const stream = random(5, "pixels", id);
    return Array.from({ length: 64 }, () => Math.min(1, Math.max(0, stream.uniform(-0.3, 1.3))));
  });
}

/** Streams of one seed, as a caller binds them. */
export function drawFrom(seed: number): Draw {
  return (stream, ...indices) => random(seed, stream, ...indices);
}

/** Rows `begin` to `end` - 1 of a batch; the caller disposes x and y. */
export function rowsOf({ x, y, ids }: AttackBatch, begin: number, end: number): AttackBatch {
  return {
    x: tf.slice(x, [begin, 0, 0, 0], [end - begin, -1, -1, -1]),
    y: tf.slice(y, [begin], [end - begin]),
    ids: ids.slice(begin, end),
  };
}

/** Which images are classified correctly. */
export async function correctness(model: Classifier, x: tf.Tensor4D, y: tf.Tensor1D): Promise<number[]> {
  return [...(await judge(model, x, y)).correct];
}

import * as tf from "@tensorflow/tfjs";
import assert from "node:assert/strict";
import { random } from "../random/random.ts";
import { cpuEngine } from "./cpu.ts";

Deno.test("the cpu engine's filter gradient has the bits of tfjs's own", async () => {
  const stock = tf.getKernel("Conv2DBackpropFilter", "cpu");
  const make = (name: string, shape: number[]): tf.Tensor4D => {
    const stream = random(1, name);
    const values = Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => stream.normal());
    return tf.tensor4d(values, shape as [number, number, number, number]);
  };
  const cases: [number, number, tf.backend_util.ExplicitPadding | "valid"][] = [
    [3, 1, "valid"],
    [3, 1, [[0, 0], [1, 1], [1, 1], [0, 0]]],
    [3, 2, [[0, 0], [1, 1], [1, 1], [0, 0]]],
    [1, 2, "valid"],
    [2, 2, [[0, 0], [2, 0], [0, 1], [0, 0]]],
  ];
  const gradients = () =>
    cases.map(([side, stride, pad]) =>
      tf.tidy(() => {
        const x = make("x", [2, 7, 6, 3]), filter = make("filter", [side, side, 3, 4]);
        const y = tf.conv2d(x, filter, stride, pad);
        return tf.grad((f) => tf.conv2d(x, f as tf.Tensor4D, stride, pad))(filter, make("dy", y.shape)).dataSync()
          .slice();
      })
    );
  await cpuEngine.open();
  assert.notEqual(tf.getKernel("Conv2DBackpropFilter", "cpu"), stock);
  const own = gradients();
  assert.ok(own.every((values) => values.some((value) => value !== 0)));
  tf.unregisterKernel("Conv2DBackpropFilter", "cpu");
  tf.registerKernel(stock!);
  assert.deepEqual(gradients(), own);
});

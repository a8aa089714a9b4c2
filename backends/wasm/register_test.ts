/** The kernels that replace those of tfjs's wasm backend, called as tfjs ops, against the cpu backend. */

import assert from "node:assert/strict";
import fc from "fast-check";
import * as tf from "@tensorflow/tfjs";
import { assertClose, noise, on, properties, valueAndGradients, type Values } from "../testing/compare.ts";

const extent = fc.integer({ min: 1, max: 9 });
const shape = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 });

/** Checks that tfjs ops give the same on both backends. */
async function assertSame(inputs: Values[], compute: (inputs: tf.Tensor[]) => tf.Tensor[]): Promise<void> {
  const both = (_: unknown, tensors: tf.Tensor[]) => compute(tensors);
  assertClose(await on("wasm", inputs, both), await on("cpu", inputs, both));
}

Deno.test("slice and concat equal the cpu backend's for any part and axis", async () => {
  const cut = fc.tuple(fc.double({ min: 0, max: 0.99, noNaN: true }), fc.double({ min: 0, max: 0.99, noNaN: true }));
  const property = fc.asyncProperty(
    shape,
    fc.array(cut, { minLength: 4, maxLength: 4 }),
    fc.nat(3),
    fc.nat(),
    async (shape, cuts, axis, seed) => {
      const begin = shape.map((extent, i) => Math.floor(cuts[i]![0] * extent));
      const size = shape.map((extent, i) => 1 + Math.floor(cuts[i]![1] * (extent - begin[i]!)));
      await assertSame([noise([...shape, 20], seed), noise([...shape, 20], seed + 1)], ([a, b]) => [
        tf.slice(a!, [...begin, 0], [...size, 20]),
        tf.slice(a!, [...begin, 3], [...size, 7]),
        tf.concat([a!, b!, a!], axis % shape.length),
      ]);
    },
  );
  await fc.assert(property, properties);
});

Deno.test("sums, casts, clones and transposed products equal the cpu backend's", async () => {
  const property = fc.asyncProperty(extent, extent, extent, fc.nat(), async (rows, inner, columns, seed) => {
    const inputs = [
      noise([rows, inner], seed),
      noise([inner, rows], seed + 1),
      noise([inner, columns], seed + 2),
      noise([columns, inner], seed + 3),
      noise([3, rows, inner], seed + 4, 0.1, 1),
      noise([3, columns, inner], seed + 5),
    ];
    await assertSame(inputs, ([a, aT, b, bT, batchA, batchB]) => [
      tf.matMul(aT!, b!, true, false),
      tf.matMul(a!, bT!, false, true),
      tf.matMul(aT!, bT!, true, true),
      tf.matMul(batchA!, batchB!, false, true),
      tf.sum(batchA!, [0, 1]),
      tf.sum(batchA!, 0, true),
      tf.sum(batchA!, -1),
      tf.sum(batchA!),
      tf.clone(a!),
      tf.cast(a!, "float32"),
      tf.tidy(() => tf.cast(tf.cast(tf.mul(a!, 5), "int32"), "float32")),
    ]);
  });
  await fc.assert(property, properties);
});

Deno.test("sign knows the sign of the smallest values", async () => {
  const values = Float32Array.of(1e-40, -1e-40, 1.1e-7, -1.1e-7, 0, -0, 3, -3, Infinity);
  const [signs] = await on("wasm", [{ shape: [9], values }], (_, [x]) => [tf.sign(x!)]);
  assert.deepEqual([...signs!.values].map((value) => value + 0), [1, -1, 1, -1, 0, 0, 1, -1, 1]);
});

Deno.test("tf.conv2d differentiates at stride 2 with padding 1, as residual networks use it", async () => {
  for (
    const [size, input, output, kernel, pad] of [[8, 6, 12, 3, 1], [7, 6, 12, 3, 1], [8, 6, 12, 1, 0], [
      32,
      3,
      16,
      3,
      1,
    ]]
  ) {
    const out = Math.floor((size! + 2 * pad! - kernel!) / 2) + 1;
    const inputs = [
      noise([20, out, out, output!], 1),
      noise([20, size!, size!, input!], 2),
      noise([kernel!, kernel!, input!, output!], 3),
    ];
    await assertSame(inputs, ([upstream, ...rest]) =>
      valueAndGradients(
        (x, filter) =>
          tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 2, [[0, 0], [pad!, pad!], [pad!, pad!], [0, 0]]),
        rest,
        upstream!,
      ));
  }
});

Deno.test("max pooling over overlapping cells keeps tfjs's gradient", async () => {
  await assertSame(
    [noise([2, 4, 4, 3], 1), noise([2, 9, 9, 3], 2)],
    ([upstream, x]) => valueAndGradients((x) => tf.maxPool(x as tf.Tensor4D, 3, 2, "valid"), [x!], upstream!),
  );
});

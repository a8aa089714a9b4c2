/** What Winograd's method must not lose, since attacks and max pooling depend on it: ties of equal neighbours, and zeros. */

import assert from "node:assert/strict";
import fc from "fast-check";
import * as tf from "@tensorflow/tfjs";
import type { Precision } from "../engine.ts";
import { noise } from "../testing/compare.ts";
import { wasmEngine } from "../wasm.ts";

const VALID = { stride: 1, padding: { top: 0, bottom: 0, left: 0, right: 0 } } as const;
const SIDE = 14, CHANNELS = 16;

/** Images that are constant but for a patch of noise, as a digit on its background. */
function digitOnBackground(seed: number, { top, left, size }: { top: number; left: number; size: number }) {
  const { values: background } = noise([CHANNELS], seed, 0, 1),
    { values: digit } = noise([SIDE * SIDE * CHANNELS], seed + 1, 0, 1);
  const inside = (at: number, start: number) => at >= start && at < start + size;
  return Float32Array.from(digit, (value, i) => {
    const row = Math.floor(i / CHANNELS / SIDE), column = Math.floor(i / CHANNELS) % SIDE;
    return inside(row, top) && inside(column, left) ? value : background[i % CHANNELS]!;
  });
}

const place = fc.integer({ min: 0, max: SIDE - 1 });
const scene = fc.record({ seed: fc.nat(), top: place, left: place, size: fc.integer({ min: 1, max: SIDE }) });

for (const precision of ["f32", "f32-fma"] satisfies Precision[]) {
  Deno.test(`${precision} outputs of a convolution with equal patches are equal in every cell of a 2x2 pool`, async () => {
    const { kernels } = await wasmEngine.open({ precision });
    fc.assert(
      fc.property(scene, ({ seed, ...patch }) => {
        const image = digitOnBackground(seed, patch);
        const equalAt = (a: [number, number], b: [number, number]) =>
          [0, 1, 2].every((dy) =>
            [0, 1, 2].every((dx) =>
              [...Array(CHANNELS).keys()].every((c) => {
                const at = ([y, x]: [number, number]) => image[((y + dy) * SIDE + x + dx) * CHANNELS + c];
                return at(a) === at(b);
              })
            )
          );
        const out = SIDE - 2;
        const outputs = tf.tidy(() => {
          const filter = tf.tensor4d(noise([9 * CHANNELS ** 2], seed + 2).values, [3, 3, CHANNELS, CHANNELS]);
          const x = tf.tensor4d(image, [1, SIDE, SIDE, CHANNELS]),
            bias = tf.tensor1d(noise([CHANNELS], seed + 3).values);
          return kernels.convolution(x, filter, bias, { ...VALID, activation: "none" }).dataSync();
        });
        const outputOf = (
          [y, x]: [number, number],
        ) => [...outputs.subarray((y * out + x) * CHANNELS, (y * out + x + 1) * CHANNELS)];
        for (let y = 0; y < out; y += 2) {
          for (let x = 0; x < out; x += 2) {
            const corner: [number, number] = [y, x];
            for (const other of [[y, x + 1], [y + 1, x]] as [number, number][]) {
              if (equalAt(corner, other)) assert.deepEqual(outputOf(other), outputOf(corner));
            }
          }
        }
      }),
      { seed: 7, numRuns: 40 },
    );
  });

  for (const pad of [0, 1]) {
    Deno.test(`${precision} input gradient, padding ${pad}, is exactly zero where no gradient reaches, and nowhere else`, async () => {
      await wasmEngine.open({ precision });
      fc.assert(
        fc.property(fc.nat(), fc.array(place, { minLength: 1, maxLength: 4 }), (seed, spots) => {
          const out = SIDE - 2 + 2 * pad, dy = new Float32Array(2 * out * out * CHANNELS);
          const lit = spots.map((spot, i) => [i % 2, spot % out, (5 * spot + i) % out] as const);
          lit.forEach(([image, y, x], i) => dy[((image * out + y) * out + x) * CHANNELS + i] = 1 + i);
          const dx = tf.tidy(() => {
            const filter = tf.tensor4d(noise([9 * CHANNELS * CHANNELS], seed).values, [3, 3, CHANNELS, CHANNELS]);
            const upstream = tf.tensor4d(dy, [2, out, out, CHANNELS]), padding = pad === 0 ? "valid" : "same";
            return tf.conv2dTranspose(upstream, filter, [2, SIDE, SIDE, CHANNELS], 1, padding).dataSync();
          });
          for (let i = 0; i < dx.length; i += CHANNELS) {
            const pixel = i / CHANNELS, image = Math.floor(pixel / SIDE / SIDE);
            const y = Math.floor(pixel / SIDE) % SIDE, x = pixel % SIDE;
            const reached = lit.some(([n, oy, ox]) => {
              const [dyTap, dxTap] = [y + pad - oy, x + pad - ox];
              return n === image && dyTap >= 0 && dyTap < 3 && dxTap >= 0 && dxTap < 3;
            });
            assert.equal(dx.subarray(i, i + CHANNELS).some((value) => value !== 0), reached, `pixel ${y}, ${x}`);
          }
        }),
        { seed: 8, numRuns: 40 },
      );
    });
  }
}

/** What the wasm engine's convolutions and dense layers promise beyond the contract of all engines: an example's result does
 *  not depend on its batch, and sums over the batch follow the shard tree, bit for bit. */

import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import type { Kernels, Precision } from "../engine.ts";
import { soloTeam } from "../team.ts";
import { assertClose, noise, valueAndGradients, type Values } from "../testing/compare.ts";
import { cpuEngine } from "../cpu.ts";
import { wasmEngine } from "../wasm.ts";
import { WASM_SHARDS } from "./team_in_use.ts";

const padding = (size: number) => ({ top: size, bottom: size, left: size, right: size });

interface Layer {
  readonly name: string;
  /** Shapes of one example and of the parameters. */
  readonly x: readonly number[];
  readonly parameters: readonly number[][];
  apply(kernels: Kernels, x: tf.Tensor, parameters: tf.Tensor[]): tf.Tensor;
}

function convolutionLayer(size: number, filter: [number, number, number, number], stride: number, pad: number): Layer {
  return {
    name: `convolution ${filter} of ${size}x${size} by ${stride}, padding ${pad}`,
    x: [size, size, filter[2]],
    parameters: [filter, [filter[3]]],
    apply: (kernels, x, [filter, bias]) =>
      kernels.convolution(x as tf.Tensor4D, filter as tf.Tensor4D, bias as tf.Tensor1D, {
        stride,
        padding: padding(pad),
        activation: "relu",
      }),
  };
}

// Between them these take every path: Winograd's tiles of 2x2 and 4x4, over inputs and over outputs, the direct kernels with
// and without padding and stride, and matrix products.
const layers: readonly Layer[] = [
  convolutionLayer(8, [3, 3, 16, 32], 1, 1),
  convolutionLayer(10, [3, 3, 32, 16], 1, 0),
  convolutionLayer(9, [3, 3, 32, 32], 1, 1),
  convolutionLayer(12, [3, 3, 16, 24], 1, 0),
  convolutionLayer(4, [3, 3, 64, 16], 1, 1),
  convolutionLayer(11, [3, 3, 1, 32], 1, 0),
  convolutionLayer(8, [3, 3, 3, 16], 1, 1),
  convolutionLayer(9, [3, 3, 16, 32], 2, 1),
  convolutionLayer(7, [1, 1, 16, 32], 1, 0),
  convolutionLayer(8, [1, 1, 16, 32], 2, 0),
  convolutionLayer(7, [5, 5, 5, 7], 1, 2),
  {
    name: "dense 70 to 11",
    x: [70],
    parameters: [[70, 11], [11]],
    apply: (kernels, x, [kernel, bias]) =>
      kernels.dense(x as tf.Tensor2D, kernel as tf.Tensor2D, bias as tf.Tensor1D, "relu"),
  },
];

/** The layer's value and its gradients in x and the parameters. */
function run(kernels: Kernels, layer: Layer, x: Values, parameters: readonly Values[], upstream: Values): Values[] {
  const inputs = [x, ...parameters].map(({ shape, values }) => tf.tensor(values, shape));
  const outputs = tf.tidy(() =>
    valueAndGradients(
      (x, ...rest) => layer.apply(kernels, x!, rest),
      inputs,
      tf.tensor(upstream.values, upstream.shape),
    )
  );
  const values = outputs.map((output) => ({ shape: output.shape, values: output.dataSync<"float32">().slice() }));
  tf.dispose([...inputs, ...outputs]);
  return values;
}

/** Examples [first, end). */
function examples({ shape, values }: Values, first: number, end: number): Values {
  const size = values.length / shape[0]!;
  return { shape: [end - first, ...shape.slice(1)], values: values.slice(first * size, end * size) };
}

function inputsOf(
  layer: Layer,
  kernels: Kernels,
  count: number,
): { x: Values; parameters: Values[]; upstream: Values } {
  const x = noise([count, ...layer.x], 1);
  const parameters = layer.parameters.map((shape, i) => noise([...shape], 2 + i));
  const shape = tf.tidy(() => {
    const [input, ...rest] = [x, ...parameters].map(({ shape, values }) => tf.tensor(values, shape));
    return layer.apply(kernels, input!, rest).shape;
  });
  return { x, parameters, upstream: noise(shape, 9) };
}

for (const precision of ["f32", "f32-fma"] as readonly Precision[]) {
  for (const layer of layers) {
    Deno.test(`${precision} ${layer.name}: an example's result does not depend on its batch`, async () => {
      const { kernels } = await wasmEngine.open({ precision });
      const { x, parameters, upstream } = inputsOf(layer, kernels, 7);
      const [value, gradient] = run(kernels, layer, x, parameters, upstream);
      for (let i = 0; i < 7; i++) {
        const alone = run(kernels, layer, examples(x, i, i + 1), parameters, examples(upstream, i, i + 1));
        assert.deepEqual(examples(value!, i, i + 1), alone[0], `example ${i}`);
        assert.deepEqual(examples(gradient!, i, i + 1), alone[1], `gradient of example ${i}`);
      }
    });

    Deno.test(`${precision} ${layer.name}: parameter gradients are sums along the shard tree`, async () => {
      for (const count of [16, 11, 3]) {
        const { kernels } = await wasmEngine.open({ precision });
        const { x, parameters, upstream } = inputsOf(layer, kernels, count);
        const whole = run(kernels, layer, x, parameters, upstream).slice(2);
        for (const workers of count === 16 ? [2, WASM_SHARDS] : [WASM_SHARDS]) { // elsewhere a half is cut otherwise
          const engine = await wasmEngine.open({ precision, team: soloTeam(WASM_SHARDS / workers) });
          const parts = Array.from({ length: workers }, (_, rank) => {
            const first = Math.floor(rank * count / workers), end = Math.floor((rank + 1) * count / workers);
            if (first === end) return null;
            const part = [x, upstream].map((values) => examples(values, first, end)) as [Values, Values];
            return run(engine.kernels, layer, part[0], parameters, part[1]).slice(2).map(({ values }) => values);
          });
          assert.deepEqual(whole.map(({ values }) => values), tree(parts), `${count} examples, ${workers} workers`);
        }
      }
      await wasmEngine.open();
    });
  }

  Deno.test(`${precision} convolutions keep their digits with many channels`, async () => {
    const filters = [[3, 3, 512, 16], [3, 3, 16, 512], [3, 3, 256, 16], [3, 3, 16, 256]] as const;
    for (const layer of filters.map((filter) => convolutionLayer(8, [...filter], 1, 1))) {
      const { kernels } = await wasmEngine.open({ precision });
      const { x, parameters, upstream } = inputsOf(layer, kernels, 1);
      const actual = run(kernels, layer, x, parameters, upstream);
      const reference = (await cpuEngine.open()).kernels;
      assertClose(actual, run(reference, layer, x, parameters, upstream));
    }
  });
}

/** Sums of parts along the tree by halves, in float32; empty parts are null. */
function tree(parts: readonly (Float32Array[] | null)[]): Float32Array[] | null {
  if (parts.length === 1) return parts[0]!;
  const left = tree(parts.slice(0, parts.length / 2)), right = tree(parts.slice(parts.length / 2));
  if (left === null || right === null) return left ?? right;
  return left.map((values, i) => values.map((value, j) => value + right[i]![j]!));
}

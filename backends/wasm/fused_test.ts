/** What the wasm engine's fused kernels promise beyond the contract of all engines: sums in shard order, results that do
 *  not depend on the rest of the batch, and the inner loop's kernel for any filter. */

import assert from "node:assert/strict";
import fc from "fast-check";
import * as tf from "@tensorflow/tfjs";
import { composedKernels } from "../composed_kernels.ts";
import type { InnerLoop } from "../engine.ts";
import { equalParts, soloTeam, type Team } from "../team.ts";
import { assertClose, noise, on, properties, valueAndGradients, type Values } from "../testing/compare.ts";
import { wasmEngine } from "../wasm.ts";
import { batchColumnSums } from "./column_sums.ts";
import { useVariant } from "./module.ts";
import { WASM_SHARDS } from "./team_in_use.ts";

const padding = (size: number) => ({ top: size, bottom: size, left: size, right: size });

/** Rows [first, end) of the first axis. */
function rows({ shape, values }: Values, first: number, end: number): Values {
  const row = values.length / shape[0]!;
  return { shape: [end - first, ...shape.slice(1)], values: values.slice(first * row, end * row) };
}

/** Sums of parts along the tree by halves, in float32; empty parts are null. */
function tree(parts: readonly (Float32Array | null)[]): Float32Array | null {
  if (parts.length === 1) return parts[0]!;
  const left = tree(parts.slice(0, parts.length / 2)), right = tree(parts.slice(parts.length / 2));
  if (left === null || right === null) return left ?? right;
  return left.map((value, i) => value + right[i]!);
}

/** Opens the engine as the one worker of a team that sees `shards` shards. */
const openWith = (shards: number) => wasmEngine.open({ team: soloTeam(shards) });

/** One output, on an engine of `shards` shards. */
async function sumWith(shards: number, input: Values, compute: (x: tf.Tensor) => tf.Tensor): Promise<Float32Array> {
  await openWith(shards);
  try {
    return tf.tidy(() => compute(tf.tensor(input.values, input.shape)).dataSync<"float32">().slice());
  } finally {
    await openWith(WASM_SHARDS);
  }
}

const batchSum = (x: tf.Tensor): tf.Tensor => tf.engine().runKernel("YopoBatchSum", { values: x });

const sums: [string, number[], (x: tf.Tensor) => tf.Tensor][] = [
  ["batchColumnSums", [5, 4, 7], batchColumnSums],
  ["batchSum", [], batchSum],
];

for (const [name, rest, sum] of sums) {
  Deno.test(`${name} is the tree of its shards' sums, bit for bit, at any batch size`, async () => {
    for (const count of [16, 1, 3, 9, 37]) {
      const x = noise([count, ...rest], count);
      const bounds = equalParts(count, WASM_SHARDS);
      const parts: (Float32Array | null)[] = [];
      for (let i = 0; i < WASM_SHARDS; i++) {
        const [first, end] = [bounds[i]!, bounds[i + 1]!];
        parts.push(first === end ? null : await sumWith(1, rows(x, first, end), sum));
      }
      assert.deepEqual(await sumWith(WASM_SHARDS, x, sum), tree(parts));
    }
  });

  Deno.test(`${name} of two workers' halves adds up to the sum of one, bit for bit`, async () => {
    for (const count of [16, 24]) {
      const x = noise([count, ...rest], count + 1);
      const halves = [
        await sumWith(WASM_SHARDS / 2, rows(x, 0, count / 2), sum),
        await sumWith(WASM_SHARDS / 2, rows(x, count / 2, count), sum),
      ];
      assert.deepEqual(await sumWith(WASM_SHARDS, x, sum), tree(halves));
    }
  });
}

Deno.test("batchNormalization takes its statistics over the whole batch of all workers, bit for bit", async () => {
  const shape = [16, 3, 3, 6];
  const inputs = [noise(shape, 1), noise(shape, 2, 1, 3), noise([6], 3), noise([6], 4)];
  const compute = ([upstream, ...rest]: tf.Tensor[], kernels: Awaited<ReturnType<typeof openWith>>["kernels"]) =>
    valueAndGradients(
      (x, scale, offset) =>
        kernels.batchNormalization(x as tf.Tensor4D, scale as tf.Tensor1D, offset as tf.Tensor1D, {
          epsilon: 1e-5,
          activation: "relu",
        }).y,
      rest,
      upstream!,
    );
  const [y, dx, dscale, doffset] = await on("wasm", inputs, ({ kernels }, tensors) => compute(tensors, kernels));
  const halves = [[0, 8], [8, 16]].map(([first, end]) => [
    rows(inputs[0]!, first!, end!),
    rows(inputs[1]!, first!, end!),
    ...inputs.slice(2),
  ]);
  // Each worker's k-th reduction needs the other's k-th summands, and those depend on the reductions before: replay both
  // workers until each has seen all of the other's summands.
  const summands: Float32Array[][][] = [[], []];
  const outputs: Float32Array[][] = [];
  for (let replay = 0; replay < 4; replay++) {
    for (const rank of [0, 1]) {
      const { kernels } = await wasmEngine.open({ team: replayedTeam(rank, summands) });
      outputs[rank] = tf.tidy(() =>
        compute(halves[rank]!.map(({ shape, values }) => tf.tensor(values, shape)), kernels)
          .map((output) => output.dataSync<"float32">().slice())
      );
    }
  }
  await openWith(WASM_SHARDS);
  const joined = (i: number) => Float32Array.of(...outputs[0]![i]!, ...outputs[1]![i]!);
  assert.deepEqual(joined(0), y!.values);
  assert.deepEqual(joined(1), dx!.values);
  // Gradients of parameters are each worker's share, for the caller to add.
  assertClose([2, 3].map((i) => ({ shape: [6], values: tree([outputs[0]![i]!, outputs[1]![i]!])! })), [
    dscale!,
    doffset!,
  ]);
});

Deno.test("normalization gives an image the same bits in any batch, and its parameters' gradients are sums over shards", async () => {
  const shape = [16, 3, 3, 6];
  const inputs = [
    noise(shape, 1),
    noise(shape, 2),
    ...[3, 4, 5].map((seed) => noise([6], seed)),
    noise([6], 6, 0.1, 2),
  ];
  const run = async (shards: number, first: number, end: number) => {
    const { kernels } = await openWith(shards);
    return tf.tidy(() => {
      const tensors = inputs.map((input, i) => i < 2 ? rows(input, first, end) : input)
        .map(({ shape, values }) => tf.tensor(values, shape));
      const [upstream, x, scale, offset, mean, variance] = tensors as [tf.Tensor, ...tf.Tensor1D[]];
      const compute = (x: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor) =>
        kernels.normalization(
          x as tf.Tensor4D,
          scale as tf.Tensor1D,
          offset as tf.Tensor1D,
          { mean: mean!, variance: variance! },
          { epsilon: 1e-5, activation: "relu" },
        );
      return valueAndGradients(compute as Parameters<typeof valueAndGradients>[0], [x!, scale!, offset!], upstream)
        .map((output) => output.dataSync<"float32">().slice());
    });
  };
  const whole = await run(WASM_SHARDS, 0, 16);
  const [left, right] = [await run(WASM_SHARDS / 2, 0, 8), await run(WASM_SHARDS / 2, 8, 16)];
  await openWith(WASM_SHARDS);
  for (const i of [0, 1]) assert.deepEqual(Float32Array.of(...left[i]!, ...right[i]!), whole[i]);
  for (const i of [2, 3]) assert.deepEqual(tree([left[i]!, right[i]!]), whole[i]);
});

/** Worker `rank` of two, which adds the other's recorded summands, where there are some, and records its own. */
function replayedTeam(rank: number, summands: Float32Array[][][]): Team {
  let call = 0;
  return {
    ...soloTeam(WASM_SHARDS / 2),
    rank,
    size: 2,
    allReduce(partials) {
      summands[rank]![call] = partials.map((partial) => partial.slice());
      const others = summands[1 - rank]![call];
      partials.forEach((partial, i) => {
        const [left, right] = rank === 0 ? [partial, others?.[i]] : [others?.[i], partial];
        if (left && right) partial.set(left.map((value, j) => value + right[j]!));
      });
      call++;
    },
  };
}

const geometry = fc.record({
  batch: fc.integer({ min: 1, max: 4 }),
  height: fc.integer({ min: 1, max: 12 }),
  width: fc.integer({ min: 1, max: 12 }),
  channels: fc.constantFrom(1, 2, 3),
  outChannels: fc.constantFrom(1, 4, 7, 10),
  kernelHeight: fc.constantFrom(1, 2, 3, 5),
  kernelWidth: fc.constantFrom(1, 2, 3, 4, 5, 7),
  pad: fc.integer({ min: 0, max: 3 }),
  biased: fc.boolean(),
  update: fc.constantFrom<"sign" | "gradient">("sign", "gradient"),
  steps: fc.integer({ min: 0, max: 4 }),
  seed: fc.nat(),
}).filter((g) => g.height + 2 * g.pad >= g.kernelHeight && g.width + 2 * g.pad >= g.kernelWidth);

type Geometry = typeof geometry extends fc.Arbitrary<infer Value> ? Value : never;

function loopInputs(g: Geometry): Values[] {
  const outHeight = g.height + 2 * g.pad - g.kernelHeight + 1, outWidth = g.width + 2 * g.pad - g.kernelWidth + 1;
  const x = noise([g.batch, g.height, g.width, g.channels], g.seed, -0.5, 1.5);
  return [
    { shape: x.shape, values: x.values.map((value) => Math.min(1, Math.max(0, value))) },
    noise(x.shape, g.seed + 1, -0.3, 0.3),
    noise([g.batch, outHeight, outWidth, g.outChannels], g.seed + 2),
    noise([g.kernelHeight, g.kernelWidth, g.channels, g.outChannels], g.seed + 3),
    noise([g.outChannels], g.seed + 4),
  ];
}

function loopOf([x, eta, p, filter, bias]: tf.Tensor[], g: Geometry): InnerLoop {
  return {
    firstLayer: {
      filter: filter as tf.Tensor4D,
      bias: g.biased ? bias as tf.Tensor1D : null,
      stride: 1,
      padding: padding(g.pad),
      activation: "relu",
    },
    x: x as tf.Tensor4D,
    eta: eta as tf.Tensor4D,
    p: p as tf.Tensor4D,
    epsilon: 0.2,
    stepSize: 0.02,
    steps: g.steps,
    update: g.update,
  };
}

for (const variant of ["simd", "fma"] as const) {
  Deno.test(`innerLoop's ${variant} kernel equals plain ops for any filter and padding`, async () => {
    let pixels = 0, different = 0;
    const property = fc.asyncProperty(geometry, async (g) => {
      const inputs = loopInputs(g);
      const [expected] = await on("cpu", inputs, (_, tensors) => [composedKernels().innerLoop(loopOf(tensors, g))]);
      const { kernels } = await wasmEngine.open();
      await useVariant(variant);
      const actual = tf.tidy(() => {
        const tensors = inputs.map(({ shape, values }) => tf.tensor(values, shape));
        return kernels.innerLoop(loopOf(tensors, g)).dataSync<"float32">().slice();
      });
      pixels += actual.length;
      different += actual.filter((value, i) => !(Math.abs(value - expected!.values[i]!) <= 1e-5)).length;
    });
    await fc.assert(property, { ...properties, numRuns: 200 });
    await openWith(WASM_SHARDS);
    assert.ok(pixels > 10_000);
    assert.ok(different <= 0.001 * pixels, `${different} of ${pixels} differ`); // signs of gradients near 0 may
  });
}

Deno.test("innerLoop, crossEntropy and linfStep give an image the same bits in any batch", async () => {
  const g: Geometry = {
    batch: 3,
    height: 9,
    width: 10,
    channels: 2,
    outChannels: 7,
    kernelHeight: 3,
    kernelWidth: 3,
    pad: 1,
    biased: true,
    update: "gradient",
    steps: 3,
    seed: 5,
  };
  const inputs = [...loopInputs(g), noise([3, 10], 6, -9, 9), noise([3], 7)];
  const compute = (inputs: Values[], labels: number[]) =>
    on("wasm", inputs, ({ kernels }, tensors) => {
      const [x, eta] = tensors as [tf.Tensor4D, tf.Tensor4D], [logits, upstream] = tensors.slice(5);
      return tf.tidy(() => [
        kernels.innerLoop(loopOf(tensors, g)),
        kernels.linfStep({ x, eta, gradient: eta, epsilon: 0.2, stepSize: 0.1 }),
        ...valueAndGradients(
          (logits) => kernels.crossEntropy(logits as tf.Tensor2D, tf.tensor1d(labels, "int32")),
          [logits!],
          upstream!,
        ),
      ]);
    });
  const whole = await compute(inputs, [4, 0, 9]);
  const alone = await compute(
    inputs.map((input) => input.shape[0] === 3 && input !== inputs[3] ? rows(input, 1, 2) : input),
    [0],
  );
  alone.forEach((output, i) => assert.deepEqual(output, rows(whole[i]!, 1, 2)));
});

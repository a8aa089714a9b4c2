/** Weights that PyTorch loads, and weights that it wrote: equal logits here and there. @module */

import * as tf from "@tensorflow/tfjs";
import assert from "node:assert/strict";
import { join } from "node:path";
import { cpuEngine } from "../backends/cpu.ts";
import { projectFolder } from "../cli/place.ts";
import type { Model, Weights } from "../models/model.ts";
import type { OptionValues } from "../models/options.ts";
import { transpose } from "../models/pytorch/transpose.ts";
import { findModel } from "../models/registry.ts";
import { writeSafetensors } from "../models/safetensors.ts";
import { decodeAnyWeights, encodeStateDict } from "../models/state_dict.ts";
import { toTensors } from "../models/weights.ts";
import { random } from "../random/random.ts";

/** Whether there is a python3 with PyTorch and safetensors that this process may run. */
function hasPyTorch(): boolean {
  try {
    const args = ["-c", "import torch, safetensors.torch"];
    return new Deno.Command("python3", { args, stderr: "null" }).outputSync().success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable) return false;
    throw error;
  }
}

const ignore = !hasPyTorch();

/** A network under our options and under those of tests/helpers/pytorch_logits.py. */
interface Case {
  readonly network: string;
  readonly ours: OptionValues;
  readonly options: OptionValues;
  /** Whether PyTorch's class registers its layers twice, as YOPO's do. */
  readonly aliases: boolean;
}

const small = { network: "small-cnn", ours: { classes: 7, dropout: 0 }, options: { classes: 7 } };
const wide = { network: "wide-resnet", ours: { depth: 16, factor: 2 }, options: { classes: 10, depth: 16, factor: 2 } };
const preact = { network: "preact-resnet18", ours: { baseWidth: 4 }, options: { classes: 10, width: 4, final: false } };
const locuslab: Case = {
  network: "preact-resnet18",
  ours: { baseWidth: 4, finalActivation: true, normalize: "cifar10" },
  options: { classes: 10, width: 4, final: true },
  aliases: false,
};
const cases: readonly Case[] = [
  { ...small, aliases: false },
  { ...small, ours: { ...small.ours, height: 32, width: 32 }, options: { classes: 7, side: 32 }, aliases: true },
  { ...preact, aliases: false },
  { ...preact, ours: { ...preact.ours, normalize: "cifar10" }, aliases: true },
  locuslab,
  { ...wide, aliases: false },
  { ...wide, ours: { depth: 10, factor: 1 }, options: { classes: 10, depth: 10, factor: 1 }, aliases: false },
];

const normalizes = ({ ours }: Case): boolean => ours.normalize === "cifar10";
const title = ({ network, ours, aliases }: Case): string =>
  `${network} ${JSON.stringify(ours)}${aliases ? ", layers registered twice" : ""}`;

/** Runs jobs in PyTorch: a list of logits for each. */
async function pyTorch(jobs: readonly unknown[]): Promise<number[][][]> {
  const args = [join(projectFolder, "tests/helpers/pytorch_logits.py")];
  const pipes = { stdin: "piped", stdout: "piped", stderr: "piped" } as const;
  const child = new Deno.Command("python3", { args, ...pipes }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(JSON.stringify(jobs)));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  assert.equal(code, 0, decoder.decode(stderr));
  return JSON.parse(decoder.decode(stdout));
}

/** Three images in 0..1: `[3, height, width, channels]`. */
function someImages([height, width, channels]: Model["input"]) {
  const stream = random(3, "images");
  const values = Float32Array.from({ length: 3 * height * width * channels }, () => stream.uniform(0, 1));
  return { shape: [3, height, width, channels], values };
}

async function saveImages(path: string, input: Model["input"]): Promise<void> {
  await Deno.writeFile(path, writeSafetensors(new Map([["images", transpose(someImages(input), [0, 3, 1, 2])]])));
}

/** Random weights whose batch normalisation is far from the identity. */
function randomWeights(model: Model): Weights {
  return new Map([...model.initialize((name) => random(5, name))].map(([name, { shape, values }]) => {
    const stream = random(6, name);
    const moved = name.endsWith(".variance")
      ? values.map(() => stream.uniform(0.5, 2))
      : values.map((value) => value + 0.05 * stream.normal());
    return [name, { shape, values: moved }];
  }));
}

async function ourLogits(model: Model, weights: Weights): Promise<Float32Array> {
  const engine = await cpuEngine.open();
  const parameters = toTensors(weights);
  const { shape, values } = someImages(model.input);
  const logits = tf.tidy(() => {
    const context = { kernels: engine.kernels, training: false };
    const x = tf.tensor4d(values, shape as [number, number, number, number]);
    return model.rest(parameters, model.firstLayer(parameters, x, context), context);
  });
  const result = await logits.data<"float32">();
  tf.dispose([logits, ...parameters.values()]);
  return result;
}

function assertClose(ours: Float32Array, theirs: number[][]): void {
  const expected = theirs.flat();
  assert.equal(ours.length, expected.length);
  const largest = Math.max(...expected.map(Math.abs));
  assert.ok(largest > 0.01, "the logits are not zero");
  const difference = Math.max(...expected.map((value, i) => Math.abs(value - ours[i]!)));
  assert.ok(difference <= 1e-4 * largest, `logits up to ${largest} differ by ${difference}`);
}

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "yopo-bench-" });
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test(
  { name: "PyTorch loads exported weights and computes the same logits (needs python3 with torch)", ignore },
  (t) =>
    withFolder(async (folder) => {
      const models = cases.map(({ network, ours }) => findModel(network).create(ours));
      const jobs = await Promise.all(cases.map(async (one, i) => {
        const model = models[i]!;
        const job = { load: join(folder, `${i}.safetensors`), images: join(folder, `${i}-images.safetensors`) };
        await Deno.writeFile(job.load, encodeStateDict(model, randomWeights(model)));
        await saveImages(job.images, model.input);
        return { ...one, ...job, normalize: normalizes(one) };
      }));
      const logits = await pyTorch(jobs);
      for (const [i, one] of cases.entries()) {
        await t.step(title(one), async () => {
          assertClose(await ourLogits(models[i]!, randomWeights(models[i]!)), logits[i]!);
        });
      }
    }),
);

Deno.test(
  { name: "weights that PyTorch wrote give its logits here (needs python3 with torch)", ignore },
  (t) =>
    withFolder(async (folder) => {
      const written = [...cases, { ...wide, aliases: true }];
      const jobs = await Promise.all(written.map(async (one, i) => {
        const job = { save: join(folder, `${i}.safetensors`), images: join(folder, `${i}-images.safetensors`) };
        await saveImages(job.images, findModel(one.network).create(one.ours).input);
        return { ...one, ...job, prefix: i % 2 === 0 ? "module." : "", normalize: normalizes(one) };
      }));
      const logits = await pyTorch(jobs);
      for (const [i, one] of written.entries()) {
        await t.step(title(one), async () => {
          const { model, weights } = decodeAnyWeights(await Deno.readFile(jobs[i]!.save), "theirs");
          assert.equal(model.name, one.network);
          // Dropout is no part of a state_dict.
          assert.deepEqual({ ...model.options, ...one.ours, dropout: undefined }, {
            ...model.options,
            dropout: undefined,
          });
          assertClose(await ourLogits(model, weights), logits[i]!);
        });
      }
    }),
);

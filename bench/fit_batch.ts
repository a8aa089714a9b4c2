/** Refuses a batch that an engine's memory cannot hold, before anything tries: a full wasm heap or an exhausted machine
 *  ends in worse than a message. Memory of a step is a constant and a share for each image, which two small steps tell.
 *  @module */

import * as tf from "@tensorflow/tfjs";
import type { Engine } from "../backends/engine.ts";
import { heapOfEngine } from "../backends/engine_memory.ts";
import { findModel } from "../models/registry.ts";
import { costConfig } from "./cost_config.ts";
import { dryEngine } from "./dry_kernels.ts";
import type { Named, RunConfig } from "./suite.ts";
import { madeUpBatch, trainBatch } from "./train_step.ts";
import { createTrainer, disposeTrainer } from "./trainer.ts";
import { UsageError } from "./usage_error.ts";

/** Room for what tensors do not tell: scratch of kernels, holes between tensors, the batch before it is a tensor. Measured
 *  for SmallCNN: 20,000 images take 1.08 times their tensors' bytes on tensorflow, 3,800 take 0.7 times on wasm, where
 *  some tensors share their values. */
const SAFETY = 1.2;

/** No step was seen to hold more than 5 times what the layers of one forward pass put out; below this nobody measures. */
const ROUGH_FACTOR = 16;

/** Images of the smaller measured step, at least; the larger one has twice as many. */
const LEAST_IMAGES = 2;

/** What holds a batch, for one worker. */
interface Room {
  readonly bytes: number;
  /** As the message says it. */
  readonly what: string;
}

/**
 * Checks that a training batch, and batches of an evaluation, fit the engine. An evaluation's attack holds no more for an
 * image than a training step does. Costs next to nothing unless the batch is large; then two steps of a few images. Every
 * worker of a team calls it.
 *
 * @param evaluationBatch 0 where nothing is evaluated.
 * @throws {UsageError} One line: what does not fit, and what would.
 */
export async function checkBatchFits(engine: Engine, config: RunConfig, evaluationBatch = 0): Promise<void> {
  const room = await roomOf(engine);
  const largest = Math.max(config.batch, evaluationBatch);
  if (room === null || ROUGH_FACTOR * outputBytes(engine, config) * largest < room.bytes * engine.team.size) return;
  const demand = await measureDemand(engine, config);
  refuse("train", config.batch, { engine, config, room, demand });
  if (evaluationBatch > 0) refuse("evaluate", evaluationBatch, { engine, config, room, demand });
}

/** {@linkcode checkBatchFits} of an evaluation without training. @throws {UsageError} */
export async function checkEvaluationFits(engine: Engine, model: Named, batch: number): Promise<void> {
  const threat = { norm: "linf", epsilon: 0.1 } as const; // any: it decides no shape
  await checkBatchFits(
    engine,
    costConfig({ model, method: { name: "natural", options: {} }, threat, batch: 1 }),
    batch,
  );
}

/** Bytes that one worker holds after some kernel of a step: `fixed`, and `perImage` for each image of the whole batch. */
export interface Demand {
  readonly fixed: number;
  readonly perImage: number;
}

/** The demand after each kernel of a step, from two small steps: with few images the optimizer's tensors may be the peak,
 *  with many those of the images. */
export async function measureDemand(engine: Engine, config: RunConfig): Promise<Demand[]> {
  const images = Math.max(LEAST_IMAGES, engine.team.shards);
  const smaller = await bytesAfterKernels(engine, { ...config, batch: images });
  const larger = await bytesAfterKernels(engine, { ...config, batch: 2 * images });
  return smaller.map((bytes, kernel) => {
    const perImage = Math.max(0, (larger[kernel] ?? bytes) - bytes) / images;
    return { fixed: bytes - images * perImage, perImage };
  });
}

async function bytesAfterKernels(engine: Engine, config: RunConfig): Promise<number[]> {
  const trainer = createTrainer(engine, config);
  try {
    const batch = madeUpBatch(trainer, 0), { stepsPerBatch } = trainer.method;
    const { kernels } = await tf.profile(async () => {
      await trainBatch(trainer, batch, { epoch: 0, step: 0, stepsPerEpoch: stepsPerBatch, totalSteps: stepsPerBatch });
      return [];
    });
    return kernels.map(({ totalBytesSnapshot }) => totalBytesSnapshot);
  } finally {
    disposeTrainer(trainer);
  }
}

interface Case {
  readonly engine: Engine;
  readonly config: RunConfig;
  readonly room: Room;
  readonly demand: readonly Demand[];
}

/** @throws {UsageError} Where the batch does not fit. */
function refuse(verb: "train" | "evaluate", batch: number, { engine, config, room, demand }: Case): void {
  const needed = SAFETY * Math.max(...demand.map(({ fixed, perImage }) => fixed + perImage * batch));
  if (needed <= room.bytes) return;
  const most = roundDown(Math.min(...demand.map(({ fixed, perImage }) => (room.bytes / SAFETY - fixed) / perImage)));
  const on = engine.team.size === 1 ? engine.name : `${engine.name} with ${engine.team.size} workers`;
  const who = engine.team.size === 1 ? "it needs" : "each worker needs";
  const advice = most >= 1 ? `use a batch of at most ${most}` : "use a smaller model";
  throw new UsageError(
    `Cannot ${verb} ${config.model.name} with batch ${batch} on ${on}: ${who} about ${gib(needed)} and ${room.what} ` +
      `${gib(room.bytes)}; ${advice}`,
  );
}

/** What the engine's heap may become, or its worker's part of the free memory, whichever is less; null where neither is
 *  known. Workers look at different moments, and must come to the same answer. */
async function roomOf(engine: Engine): Promise<Room | null> {
  const heap = heapOfEngine(engine);
  const free = engine.settings.gpu === true ? null : await freeBytes();
  const own = free === null ? Infinity : free / engine.team.size + (heap?.bytes ?? 0);
  const share = Math.min(...engine.team.allGather([own]).flat());
  if (heap !== null && heap.limitBytes <= share) return { bytes: heap.limitBytes, what: "the engine has" };
  return share === Infinity ? null : { bytes: share, what: "the machine has free" };
}

/** Memory that the system would give; null where it may not be asked. */
async function freeBytes(): Promise<number | null> {
  const { state } = await Deno.permissions.query({ name: "sys", kind: "systemMemoryInfo" });
  return state === "granted" ? Deno.systemMemoryInfo().available : null;
}

/** What the layers put out for one image in a forward pass. */
function outputBytes(engine: Engine, { model: { name, options } }: RunConfig): number {
  const model = findModel(name).create(options);
  let elements = 0;
  const { kernels } = dryEngine(engine, { onOutput: (more) => elements += more });
  tf.tidy(() => {
    const parameters = new Map(model.parameters.map(({ name, shape }) => [name, tf.zeros([...shape])]));
    const forward = { kernels, training: true };
    model.rest(parameters, model.firstLayer(parameters, tf.zeros([1, ...model.input]), forward), forward);
  });
  return 4 * elements;
}

/** To two significant digits: 28,431 -> 28,000. */
function roundDown(count: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, count))) - 1);
  return Math.floor(count / unit) * unit;
}

function gib(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}

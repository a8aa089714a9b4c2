/** What became of images under an attack, chunk by chunk, so that an evaluation that was killed goes on where it was. A
 *  chunk is one safetensors file: a batch of one worker. @module */

import { createHash } from "node:crypto";
import { readSafetensors, writeSafetensors } from "../models/safetensors.ts";

/** A batch's outcomes. */
export interface OutcomeChunk {
  /** Places in the split. */
  readonly positions: Uint32Array;
  /** What the sweep says of each image: 1 and 0 for correct and fooled. */
  readonly outcomes: Float64Array;
  /** The network's answer to each returned image. */
  readonly predicted: Int32Array;
  /** Images that fool the network, in the order of the positions with outcome 0, `[fooled · pixels]`. */
  readonly images: Float32Array;
  /** Largest perturbation of the chunk, and images whose perturbation, range or answer does not hold. */
  readonly maxPerturbation: number;
  readonly violations: number;
  /** Of the evaluation's time: the worker's seconds by the number of workers. */
  readonly seconds: number;
}

type OutcomeNumbers = Pick<OutcomeChunk, "maxPerturbation" | "violations" | "seconds">;

/** Chunks of earlier attempts, and where new ones go. */
export interface OutcomeStore {
  readonly known: (sweep: string) => readonly OutcomeChunk[];
  readonly save: (sweep: string, chunk: OutcomeChunk) => void;
}

/** A chunk as a file's bytes. */
export function encodeChunk(sweep: string, chunk: OutcomeChunk): Uint8Array {
  const row = (values: Iterable<number>) => {
    const array = Float32Array.from(values);
    return { shape: [array.length], values: array };
  };
  const tensors = new Map([
    ["positions", row(chunk.positions)],
    ["outcomes", row(chunk.outcomes)],
    ["predicted", row(chunk.predicted)],
    ["images", { shape: [chunk.images.length], values: chunk.images }],
  ]);
  const { maxPerturbation, violations, seconds } = chunk;
  const numbers = JSON.stringify({ maxPerturbation, violations, seconds });
  const sha256 = digest([sweep, numbers], [...tensors.values()].map(({ values }) => values));
  return writeSafetensors(tensors, { sweep, numbers, sha256 });
}

function digest(texts: readonly string[], arrays: readonly Float32Array[]): string {
  const hash = createHash("sha256");
  for (const text of texts) hash.update(JSON.stringify(text));
  for (const { buffer, byteOffset, byteLength } of arrays) {
    hash.update(String(byteLength)).update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  return hash.digest("hex");
}

/** @throws {SyntaxError} When the bytes are no chunk, or not those that were written. */
export function decodeChunk(bytes: Uint8Array, source: string): { sweep: string; chunk: OutcomeChunk } {
  const { tensors, metadata } = readSafetensors(bytes, source);
  const of = (name: string): Float32Array => {
    const stored = tensors.get(name);
    if (stored?.dtype !== "F32") throw new SyntaxError(`Cannot read ${source}: it holds no ${name}`);
    return stored.values;
  };
  const [positions, outcomes, predicted, images] = ["positions", "outcomes", "predicted", "images"].map(of) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const [sweep, numbers] = [metadata.get("sweep") ?? "", metadata.get("numbers") ?? "{}"];
  if (digest([sweep, numbers], [positions, outcomes, predicted, images]) !== metadata.get("sha256")) {
    throw new SyntaxError(`Cannot read ${source}: its contents do not have the hash that it states`);
  }
  const { maxPerturbation, violations, seconds }: OutcomeNumbers = JSON.parse(numbers);
  return {
    sweep,
    chunk: {
      positions: Uint32Array.from(positions),
      outcomes: Float64Array.from(outcomes),
      predicted: Int32Array.from(predicted),
      ...{ images, maxPerturbation, violations, seconds },
    },
  };
}

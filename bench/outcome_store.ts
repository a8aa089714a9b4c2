/** What became of images under an attack, chunk by chunk, so that an evaluation that was killed goes on where it was. A
 *  chunk is one safetensors file: a batch of one worker. @module */

import { seal, unseal } from "../models/sealed.ts";

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
  const { positions, outcomes, predicted, images, maxPerturbation, violations, seconds } = chunk;
  const row = <T extends { readonly length: number }>(values: T) => ({ shape: [values.length], values });
  const tensors = new Map([
    ["positions", row(Float32Array.from(positions))],
    ["outcomes", row(Float32Array.from(outcomes))],
    ["predicted", row(Float32Array.from(predicted))],
    ["images", row(images)],
  ]);
  return seal(tensors, { sweep, numbers: JSON.stringify({ maxPerturbation, violations, seconds }) });
}

/** @throws {SyntaxError} When the bytes are no chunk, or not those that were written. */
export function decodeChunk(bytes: Uint8Array, source: string): { sweep: string; chunk: OutcomeChunk } {
  const { tensors, metadata } = unseal(bytes, source), sweep = metadata.get("sweep"), numbers = metadata.get("numbers");
  const of = (name: string): Float32Array => {
    const stored = tensors.get(name);
    if (stored?.dtype !== "F32") throw new SyntaxError(`Cannot read ${source}: it holds no ${name}`);
    return stored.values;
  };
  if (sweep === undefined || numbers === undefined) {
    throw new SyntaxError(`Cannot read ${source}: it holds no outcomes`);
  }
  const { maxPerturbation, violations, seconds }: OutcomeNumbers = JSON.parse(numbers);
  return {
    sweep,
    chunk: {
      positions: Uint32Array.from(of("positions")),
      outcomes: Float64Array.from(of("outcomes")),
      predicted: Int32Array.from(of("predicted")),
      images: of("images"),
      ...{ maxPerturbation, violations, seconds },
    },
  };
}

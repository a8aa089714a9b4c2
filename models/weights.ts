/** Weights as files, hashes and tensors. A weight file is a safetensors file whose metadata names the model and its
 *  options, so that whoever reads it needs nothing else. @module */

import * as tf from "@tensorflow/tfjs";
import { createHash } from "node:crypto";
import { elementCount } from "./layers.ts";
import type { Model, Parameters, Weights } from "./model.ts";
import type { OptionValues } from "./options.ts";
import { findModel } from "./registry.ts";
import { readSafetensors, type StoredTensor, writeSafetensors } from "./safetensors.ts";

/** Version of the metadata below. */
const FORMAT = "yopo-bench/weights@1";

/** A weight file's content. */
export interface WeightFile {
  readonly model: Model;
  readonly weights: Weights;
  /** Everything the writer added, such as the run's id. */
  readonly metadata: ReadonlyMap<string, string>;
}

/**
 * SHA-256 in hex over the parameters and then the buffers in model order, each as UTF-8 name, 0x00, "float32", each size of the shape as u32
 * little-endian, then the values little-endian.
 */
export function weightsSha256(weights: Weights): string {
  const hash = createHash("sha256");
  for (const [name, { shape, values }] of weights) {
    const sizes = new DataView(new ArrayBuffer(4 * shape.length));
    shape.forEach((size, i) => sizes.setUint32(4 * i, size, true));
    hash.update(`${name}\0float32`).update(sizes);
    hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  return hash.digest("hex");
}

/** The bytes of a weight file; equal weights, model and metadata give equal bytes. */
export function encodeWeights(
  model: Model,
  weights: Weights,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  return writeSafetensors(weights, {
    ...metadata,
    format: FORMAT,
    model: model.name,
    modelOptions: JSON.stringify(model.options),
  });
}

/**
 * Reads a weight file and makes its model.
 *
 * @param source What the bytes are, for the messages: a path.
 * @throws {SyntaxError} When the file or its metadata cannot be read.
 * @throws {RangeError} When it names an unknown model or option, or holds a value that is not finite.
 * @throws {TypeError} When a tensor is missing, extra, misshapen or not float32.
 */
export function decodeWeights(bytes: Uint8Array, source: string): WeightFile {
  const { tensors, metadata } = readSafetensors(bytes, source);
  const from = `weight file ${JSON.stringify(source)}`;
  const format = metadata.get("format");
  if (format !== FORMAT) {
    const found = format === undefined ? "it names no format" : `its format is ${JSON.stringify(format)}`;
    throw new SyntaxError(`Cannot read ${from}: ${found}, expected "${FORMAT}"`);
  }
  const model = makeModel(metadata, from);
  return { model, weights: matchWeights(model, tensors, from), metadata };
}

function makeModel(metadata: ReadonlyMap<string, string>, from: string): Model {
  const definition = findModel(metadata.get("model") ?? "", from);
  let options: unknown;
  try {
    options = JSON.parse(metadata.get("modelOptions") ?? "");
  } catch {
    options = null;
  }
  if (!isOptionValues(options)) {
    throw new SyntaxError(`Cannot read ${from}: its metadata "modelOptions" is not a JSON object of plain values`);
  }
  return definition.create(options);
}

function isOptionValues(value: unknown): value is OptionValues {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    Object.values(value).every((item) => ["number", "boolean", "string"].includes(typeof item));
}

/**
 * The model's parameters and buffers among `tensors`, in the model's order.
 *
 * @param from What holds the tensors, for the messages: `weight file "last.safetensors"`.
 * @throws {TypeError|RangeError} When a tensor is missing, extra, misshapen, not float32 or not finite.
 */
export function matchWeights(model: Model, tensors: ReadonlyMap<string, StoredTensor>, from: string): Weights {
  const fail = (name: string, why: string) => `Cannot use ${from}: tensor ${JSON.stringify(name)} ${why}`;
  const weights = new Map([...model.parameters, ...model.buffers].map(({ name, shape }) => {
    const stored = tensors.get(name);
    if (stored === undefined) throw new TypeError(fail(name, `of model "${model.name}" is missing`));
    if (stored.dtype !== "F32") throw new TypeError(fail(name, `has type ${stored.dtype}, expected F32`));
    if (stored.shape.join() !== shape.join()) {
      throw new TypeError(fail(name, `has shape [${stored.shape.join(", ")}], expected [${shape.join(", ")}]`));
    }
    if (!stored.values.every(Number.isFinite)) throw new RangeError(fail(name, "holds a value that is not finite"));
    return [name, { shape, values: stored.values }];
  }));
  for (const name of tensors.keys()) {
    if (!weights.has(name)) throw new TypeError(fail(name, `belongs to no layer of model "${model.name}"`));
  }
  return weights;
}

/** Weights as new tensors of the active engine, kept beyond any tf.tidy; the caller disposes them. */
export function toTensors(weights: Weights): Map<string, tf.Tensor> {
  return new Map(
    [...weights].map(([name, { shape, values }]) => [name, tf.keep(tf.tensor(values.slice(), [...shape]))]),
  );
}

/** Copies of the tensors' values. */
export async function fromTensors(parameters: Parameters): Promise<Weights> {
  const entries = [...parameters].map(async ([name, tensor]) => {
    const values = Float32Array.from(await tensor.data());
    return [name, { shape: [...tensor.shape], values }] as const;
  });
  return new Map(await Promise.all(entries));
}

/** Number of scalars in a model's parameters; buffers do not count. */
export function parameterCount(model: Model): number {
  return model.parameters.reduce((sum, { shape }) => sum + elementCount(shape), 0);
}

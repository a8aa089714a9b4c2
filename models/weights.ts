/** Weights as files, hashes and tensors. A weight file is a safetensors file whose metadata names the model and its
 *  options, so that whoever reads it needs nothing else. @module */

import * as tf from "@tensorflow/tfjs";
import { createHash } from "node:crypto";
import { elementCount } from "./layers.ts";
import type { Model, Parameters, Weights } from "./model.ts";
import type { OptionValues } from "./options.ts";
import { findModel } from "./registry.ts";
import { quoted, readSafetensors, type Safetensors, type StoredTensor, writeSafetensors } from "./safetensors.ts";

/** Version of the metadata below. */
const FORMAT = "yopo-bench/weights@1";

/** As many names as a message lists. */
const MOST_NAMES = 3;

/** Longer than any model's name; what a hostile file says may be endless. */
const MOST_CHARACTERS = 100;

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
  return weightsIn(readSafetensors(bytes, source), source);
}

/** Whether a file's metadata says that this program wrote it, in this version of its format or another. */
export function isOurs({ metadata }: Safetensors): boolean {
  return metadata.get("format")?.startsWith("yopo-bench/weights@") ?? false;
}

/** As decodeWeights, from a file that was read. */
export function weightsIn({ tensors, metadata }: Safetensors, source: string): WeightFile {
  const from = `weight file ${JSON.stringify(source)}`;
  const format = metadata.get("format");
  if (format !== FORMAT) {
    const found = format === undefined ? "it names no format" : `its format is ${quoted(format)}`;
    throw new SyntaxError(`Cannot read ${from}: ${found}, expected "${FORMAT}"`);
  }
  const model = makeModel(metadata, from);
  return { model, weights: matchWeights(model, tensors, from), metadata };
}

function makeModel(metadata: ReadonlyMap<string, string>, from: string): Model {
  const definition = findModel((metadata.get("model") ?? "").slice(0, MOST_CHARACTERS), from);
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
    Object.entries(value).every(([key, item]) =>
      /^\w+$/.test(key) && ["number", "boolean", "string"].includes(typeof item)
    );
}

/**
 * The model's parameters and buffers among `tensors`, in the model's order.
 *
 * @param from What holds the tensors, for the messages: `weight file "last.safetensors"`.
 * @throws {TypeError|RangeError} When a tensor is missing, extra, misshapen, not float32 or not finite.
 */
export function matchWeights(model: Model, tensors: ReadonlyMap<string, StoredTensor>, from: string): Weights {
  const definitions = [...model.parameters, ...model.buffers];
  const names = new Set(definitions.map(({ name }) => name));
  checkNames({
    missing: [...names].filter((name) => !tensors.has(name)),
    extra: [...tensors.keys()].filter((name) => !names.has(name)),
    model: `model "${model.name}"`,
    from,
  });
  return new Map(definitions.map(({ name, shape }) => {
    const values = checkedValues(tensors.get(name)!, { shape, name, isVariance: name.endsWith(".variance"), from });
    return [name, { shape, values }];
  }));
}

/** @throws {TypeError} When a name is missing or extra: the first few of them, and how many there are. */
export function checkNames(
  { missing, extra, model, from }: {
    readonly missing: readonly string[];
    readonly extra: readonly string[];
    readonly model: string;
    readonly from: string;
  },
): void {
  const one = (names: readonly string[], singular: string, plural: string) => names.length === 1 ? singular : plural;
  const lacks = `${someNames(missing)} of ${model} ${one(missing, "is", "are")} missing`;
  const surplus = `${someNames(extra)} ${one(extra, "belongs", "belong")} to no layer`;
  if (missing.length > 0) throw new TypeError(`Cannot use ${from}: ${lacks}${extra.length > 0 ? `; ${surplus}` : ""}`);
  if (extra.length > 0) throw new TypeError(`Cannot use ${from}: ${surplus} of ${model}`);
}

/** `tensors "a", "b", "c" and 4 more`. */
export function someNames(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMES).map(quoted).join(", ");
  const more = names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : "";
  return `${names.length === 1 ? "tensor" : "tensors"} ${shown}${more}`;
}

/**
 * A stored tensor's values.
 *
 * @throws {TypeError|RangeError} When it is misshapen, not float32, not finite, or a negative variance.
 */
export function checkedValues(
  stored: StoredTensor,
  { shape, name, isVariance, from }: {
    readonly shape: readonly number[];
    readonly name: string;
    readonly isVariance: boolean;
    readonly from: string;
  },
): Float32Array {
  const fail = (why: string) => `Cannot use ${from}: tensor ${quoted(name)} ${why}`;
  if (stored.dtype !== "F32") throw new TypeError(fail(`has type ${stored.dtype}, expected F32`));
  if (stored.shape.join() !== shape.join()) {
    throw new TypeError(fail(`has shape [${stored.shape.join(", ")}], expected [${shape.join(", ")}]`));
  }
  if (!stored.values.every(Number.isFinite)) throw new RangeError(fail("holds a value that is not finite"));
  if (isVariance && stored.values.some((value) => value < 0)) throw new RangeError(fail("holds a negative variance"));
  return stored.values;
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

/** PyTorch's weights: state_dicts of the public SmallCNN, PreActResNet18 and WideResNet, stored as safetensors. Names, layouts
 *  and what shapes tell of a model are in models/pytorch/. @module */

import { CIFAR10 } from "./input_normalization.ts";
import { elementCount } from "./layers.ts";
import type { Model, Weights } from "./model.ts";
import type { OptionTable, OptionValue, OptionValues } from "./options.ts";
import { collectTensors, type Found, type FoundNormalization, withoutPrefix } from "./pytorch/collect.ts";
import { fromPyTorch, pyTorchShape, toPyTorch } from "./pytorch/layout.ts";
import type { PublicNames } from "./pytorch/names.ts";
import { findPublicNames, publicNames } from "./pytorch/registry.ts";
import { findModel } from "./registry.ts";
import { readSafetensors, type Safetensors, type StoredTensor, writeSafetensors } from "./safetensors.ts";
import { checkedValues, checkNames, isOurs, someNames, type WeightFile, weightsIn } from "./weights.ts";

/** Options that no tensor tells, so that a file's metadata carries them. */
const UNTOLD = ["height", "width", "normalize", "dropout"];

/** Difference up to which a stored constant counts as equal: float32 holds seven digits. */
const SAME_CONSTANT = 1e-6;

/** What the user says of a file that may not say it itself. */
export interface GivenModel {
  readonly model?: string;
  /** They win over what names, shapes and metadata tell. */
  readonly options?: OptionValues;
}

/**
 * Reads a state_dict; its names tell the model, its shapes most options. Prefixes "module." and "model.", second names of
 * the same layer, counters and unused layers are taken as the public classes write them.
 *
 * @param source What the bytes are, for the messages: a path.
 * @throws {SyntaxError} When the file cannot be read.
 * @throws {RangeError} When its names fit no model, an option is out of range, second names differ or a value is not finite.
 * @throws {TypeError} When a tensor is missing, extra, misshapen or not float32.
 */
export function decodeStateDict(file: Uint8Array | Safetensors, source: string, given: GivenModel = {}): WeightFile {
  const { tensors, metadata } = file instanceof Uint8Array ? readSafetensors(file, source) : file;
  const from = `weight file ${JSON.stringify(source)}`;
  const names = recognize(tensors, given.model, from);
  const { found, normalization } = collectTensors(tensors, names, from);
  const definition = findModel(names.model);
  const model = definition.create({
    ...names.options(new Map([...found].map(([name, { tensor }]) => [name, tensor]))),
    ...untoldOptions(metadata, definition.options),
    ...normalizeOption(normalization, definition.options, from),
    ...given.options,
  });
  return { model, weights: match(model, names, found, from), metadata };
}

/**
 * Reads one of this program's weight files or a state_dict, whichever the file is.
 *
 * @throws {SyntaxError|RangeError|TypeError} As decodeWeights and decodeStateDict, and RangeError when `given` contradicts
 * what one of this program's files says of itself.
 */
export function decodeAnyWeights(bytes: Uint8Array, source: string, given: GivenModel = {}): WeightFile {
  const file = readSafetensors(bytes, source);
  if (!isOurs(file)) return decodeStateDict(file, source, given);
  const decoded = weightsIn(file, source);
  const { name, options } = decoded.model;
  const said = (what: string, value: unknown) =>
    `Cannot use weight file ${JSON.stringify(source)} as ${what}: ${value}`;
  if (given.model !== undefined && given.model !== name) {
    throw new RangeError(said(`model "${given.model}"`, `it says itself that it is "${name}"; leave the model out`));
  }
  for (const [key, value] of Object.entries(given.options ?? {})) {
    if (Object.hasOwn(options, key) && options[key] === value) continue;
    const own = Object.hasOwn(options, key) ? `it says itself ${key}=${options[key]}` : `"${name}" has no such option`;
    throw new RangeError(said(`one with ${key}=${value}`, `${own}; leave the option out`));
  }
  return decoded;
}

/**
 * The bytes of a safetensors file with the public class's state_dict, which `load_state_dict` takes. What a state_dict
 * cannot say, such as normalisation inside the network, goes into the metadata.
 *
 * @throws {RangeError} When no public names are known for the model.
 */
export function encodeStateDict(
  model: Model,
  weights: Weights,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const tensors = new Map<string, { shape: readonly number[]; values: Float32Array | BigInt64Array }>();
  for (const { ours, theirs, layout } of findPublicNames(model.name).tensors(model)) {
    tensors.set(theirs, toPyTorch(weights.get(ours)!, layout));
    const layer = /^(.*)\.running_var$/.exec(theirs)?.[1];
    if (layer !== undefined) tensors.set(`${layer}.num_batches_tracked`, { shape: [], values: new BigInt64Array(1) });
  }
  const untold = UNTOLD.flatMap((key) => key in model.options ? [[key, String(model.options[key])]] : []);
  return writeSafetensors(tensors, { ...metadata, format: "pt", ...Object.fromEntries(untold) });
}

/** The public class whose names encodeStateDict writes: "PreActResNet18 of the YOPO repository". @throws {RangeError} */
export function stateDictSource(model: Model): string {
  return findPublicNames(model.name).source(model);
}

/** @throws {RangeError} When the names fit no class, or another one than the user says. */
function recognize(tensors: ReadonlyMap<string, StoredTensor>, model: string | undefined, from: string): PublicNames {
  if (model !== undefined) findPublicNames(findModel(model).name);
  const bare = [...tensors.keys()].map(withoutPrefix);
  const recognized = publicNames.find(({ signature, canonical }) => bare.some((name) => canonical(name) === signature));
  if (recognized === undefined) {
    const classes = publicNames.map(({ className }) => className).join(", ");
    const found = tensors.size === 0 ? "it holds no tensor" : `it names its ${someNames([...tensors.keys()])}`;
    throw new RangeError(`Cannot tell the model of ${from}: ${found}, expected those of ${classes}`);
  }
  if (model !== undefined && model !== recognized.model) {
    throw new RangeError(
      `Cannot use ${from} as model "${model}": its tensors are named as those of "${recognized.model}"`,
    );
  }
  return recognized;
}

/** Options that the file's metadata carries. */
function untoldOptions(metadata: ReadonlyMap<string, string>, table: OptionTable): OptionValues {
  const entries = UNTOLD.flatMap((key): [string, OptionValue][] => {
    const text = metadata.get(key);
    if (text === undefined || !Object.hasOwn(table, key)) return [];
    return [[key, text.trim() === "" || Number.isNaN(Number(text)) ? text : Number(text)]];
  });
  return Object.fromEntries(entries);
}

/** Option `normalize` where the file holds a normalising module. @throws {RangeError} When it has other constants. */
function normalizeOption({ mean, deviation }: FoundNormalization, table: OptionTable, from: string): OptionValues {
  if (mean === undefined && deviation === undefined) return {};
  const holds = (found: Found | undefined, constants: readonly number[]): boolean =>
    found !== undefined && found.tensor.dtype === "F32" && elementCount(found.tensor.shape) === constants.length &&
    constants.every((constant, i) => Math.abs(Number(found.tensor.values[i]) - constant) <= SAME_CONSTANT);
  if (Object.hasOwn(table, "normalize")) {
    if (holds(mean, CIFAR10.mean) && holds(deviation, CIFAR10.deviation)) return { normalize: "cifar10" };
    if (holds(mean, [0, 0, 0]) && holds(deviation, [1, 1, 1])) return { normalize: "none" };
  }
  const which = [mean, deviation].flatMap((found) => found === undefined ? [] : [found.name]);
  const expected = `the mean [${CIFAR10.mean.join(", ")}] and deviation [${CIFAR10.deviation.join(", ")}] of CIFAR-10`;
  throw new RangeError(`Cannot use ${from}: ${someNames(which)} normalise pixels otherwise than by ${expected}`);
}

function match(model: Model, names: PublicNames, found: ReadonlyMap<string, Found>, from: string): Weights {
  const rows = new Map(names.tensors(model).map((row) => [names.canonical(row.theirs)!, row]));
  checkNames({
    missing: [...rows].flatMap(([first, { theirs }]) => found.has(first) ? [] : [theirs]),
    extra: [...found].flatMap(([first, { name }]) => rows.has(first) ? [] : [name]),
    model: `${names.className} (model "${model.name}")`,
    from,
  });
  return new Map([...rows].map(([first, { ours, shape, layout }]) => {
    const { name, tensor } = found.get(first)!;
    const theirShape = pyTorchShape(shape, layout);
    const isVariance = ours.endsWith(".variance");
    const values = checkedValues(tensor, { shape: theirShape, name, isVariance, from });
    return [ours, { shape, values: fromPyTorch({ shape: theirShape, values }, layout).values }];
  }));
}

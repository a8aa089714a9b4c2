/** Compares computed quantities with a manifest's tensors, and keeps count of what was compared. @module */

import type { StoredTensor } from "../models/safetensors.ts";
import type { Computed, Fact } from "./case.ts";
import type { ParityLine } from "./lines.ts";

interface Values {
  readonly shape: readonly number[];
  readonly values: ArrayLike<number>;
}

/** A line without the case's name. */
export type Outcome = Omit<ParityLine, "case">;

/** The outcome of comparing one computed quantity with one tensor of the manifest, named `name`. */
export function compareTensor(quantity: Computed, name: string, stored: StoredTensor): Outcome {
  const { variant, tolerance: { limit, error: measure } } = quantity;
  const own = `${variant}/`;
  const line = { variant, quantity: name.startsWith(own) ? name.slice(own.length) : name, tolerance: limit };
  const part = partOf(quantity, name.split("@")[1], stored.shape);
  if (part === null) return { ...line, outcome: "FAIL", error: null, reason: `no such part of a tensor: ${name}` };
  if (part.shape.join() !== stored.shape.join()) {
    const reason = `shape [${part.shape}] where the manifest has [${stored.shape}]`;
    return { ...line, outcome: "FAIL", error: null, reason };
  }
  const error = measure(part.values, Array.from(stored.values, Number), stored.shape);
  return { ...line, outcome: error <= limit ? "pass" : "FAIL", error };
}

/** The outcome of a fact: equal, or as near as it says, or not. */
export function compareFact({ variant, quantity, actual, expected, tolerance = 0 }: Fact): Outcome {
  const error = Math.abs(actual - expected);
  return { outcome: error <= tolerance ? "pass" : "FAIL", variant, quantity, error, tolerance };
}

/** What stands behind the "@" of a tensor's name: `sums` a summary; `rows0::16` every 16th of the first axis; `0:4` entries 0
 *  to 3 of the one axis that is cut, by the stored shape; `0,12:16,:` entries axis by axis, where one alone drops its axis. */
function partOf(whole: Values, modifier: string | undefined, stored: readonly number[]): Values | null {
  if (modifier === undefined) return whole;
  if (modifier === "sums") return sums(whole);
  const every = /^rows(\d+)::([1-9]\d*)$/.exec(modifier);
  if (every !== null) return pick(whole, [{ begin: Number(every[1]), stride: Number(every[2]) }]);
  const cuts = modifier.split(",").map(readCut);
  if (cuts.length > whole.shape.length || cuts.includes(null)) return null;
  const [cut] = cuts as [Cut, ...Cut[]];
  if (cuts.length > 1 || cut.drops) return pick(whole, cuts as Cut[]);
  const axis = Math.max(0, whole.shape.findIndex((size, i) => size !== stored[i]));
  return pick(whole, [...Array<Cut>(axis).fill({}), cut]);
}

/** Entries begin, begin + stride, … below end of an axis, all of them by default; drops: the axis is left out. */
interface Cut {
  readonly begin?: number;
  readonly end?: number;
  readonly stride?: number;
  readonly drops?: boolean;
}

function readCut(text: string): Cut | null {
  if (text === ":") return {};
  const [, begin, end] = /^(\d+)(?::(\d+))?$/.exec(text) ?? [];
  if (begin === undefined) return null;
  return end === undefined
    ? { begin: Number(begin), end: Number(begin) + 1, drops: true }
    : { begin: Number(begin), end: Number(end) };
}

/** The entries that the cuts of the first axes leave, all of the others. */
function pick({ shape, values }: Values, cuts: readonly Cut[]): Values {
  let offsets = [0];
  const kept: number[] = [];
  shape.forEach((size, axis) => {
    const { begin = 0, end = size, stride = 1, drops = false } = cuts[axis] ?? {};
    const chosen: number[] = [];
    for (let i = begin; i < Math.min(end, size); i += stride) chosen.push(i);
    if (!drops) kept.push(chosen.length);
    offsets = offsets.flatMap((offset) => chosen.map((i) => offset * size + i));
  });
  return { shape: kept, values: offsets.map((offset) => values[offset]!) };
}

/** [sum, L2 norm, dot product with cos(0.001·i)] over all elements in row-major order. */
function sums({ values }: Values): Values {
  let sum = 0, squares = 0, dot = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    sum += value;
    squares += value * value;
    dot += value * Math.cos(0.001 * i);
  }
  return { shape: [3], values: [sum, Math.sqrt(squares), dot] };
}

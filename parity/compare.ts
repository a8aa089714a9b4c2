/** Compares computed quantities with a manifest's tensors, and keeps count of what was compared. @module */

import { elementCount } from "../models/layers.ts";
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
  const part = partOf(quantity, name.split("@")[1]);
  if (part === null) return { ...line, outcome: "FAIL", error: null, reason: `no such part of a tensor: ${name}` };
  if (part.shape.join() !== stored.shape.join()) {
    const reason = `shape [${part.shape}] where the manifest has [${stored.shape}]`;
    return { ...line, outcome: "FAIL", error: null, reason };
  }
  const error = measure(part.values, Array.from(stored.values, Number));
  return { ...line, outcome: error <= limit ? "pass" : "FAIL", error };
}

/** The outcome of a fact: equal or not. */
export function compareFact({ variant, quantity, actual, expected }: Fact): Outcome {
  const error = Math.abs(actual - expected);
  return { outcome: error === 0 ? "pass" : "FAIL", variant, quantity, error, tolerance: 0 };
}

/** What stands behind the "@" of a tensor's name: `0:4` entries 0 to 3, `rows0::16` every 16th, `sums` a summary. */
function partOf(whole: Values, modifier: string | undefined): Values | null {
  if (modifier === undefined) return whole;
  if (modifier === "sums") return sums(whole);
  const range = /^(\d+):(\d+)$/.exec(modifier);
  if (range !== null) return rows(whole, Number(range[1]), Number(range[2]), 1);
  const every = /^rows(\d+)::([1-9]\d*)$/.exec(modifier);
  return every === null ? null : rows(whole, Number(every[1]), whole.shape[0] ?? 0, Number(every[2]));
}

/** Entries begin, begin + stride, … below end of the first axis. */
function rows({ shape, values }: Values, begin: number, end: number, stride: number): Values {
  const [count = 0, ...rest] = shape;
  const size = elementCount(rest);
  const picked: number[] = [];
  let length = 0;
  for (let row = begin; row < Math.min(end, count); row += stride, length++) {
    for (let i = row * size; i < (row + 1) * size; i++) picked.push(values[i]!);
  }
  return { shape: [length, ...rest], values: picked };
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

/** Named, seeded streams without hidden state: every draw is a pure function of (seed, stream name, indices, position).
 *  A resumed run, another number of workers or another order of work therefore draws the same numbers. @module */

import { philox4x32 } from "./philox.ts";

/** One stream, read from its beginning; two streams made from the same arguments give the same numbers. */
export interface RandomStream {
  /** The next 32 random bits, an integer in 0..2^32-1. */
  uint32(): number;
  /** Uniform in [low, high), from 24 random bits, so every value is exact in float32 for low 0 and high 1.
   *  @throws {RangeError} When the bounds are not finite and in order. */
  uniform(low?: number, high?: number): number;
  /** Standard normal (Box-Muller). */
  normal(): number;
  /** Integer in 0..bound-1, without modulo bias.
   *  @throws {RangeError} When `bound` is not an integer in 1..2^32. */
  integer(bound: number): number;
  /** A uniformly random order of 0..length-1 (Fisher-Yates).
   *  @throws {RangeError} When `length` is not an integer in 0..2^32-1. */
  permutation(length: number): Uint32Array;
}

/** FNV-1a hash of the UTF-16 code units of a name, 32 bits. */
function hashName(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

function checkWord(value: number, what: string): void {
  if (!Number.isInteger(value) || value < 0 || value > 0xffffffff) {
    throw new RangeError(`Cannot make ${what} ${value}: it must be an integer from 0 to 4294967295`);
  }
}

/**
 * Opens the stream `name` of `seed` at up to three indices, for example epoch, step and example.
 *
 * @throws {RangeError} When the seed or an index is not an integer in 0..2^32-1, or there are more than three indices.
 *
 * @example The same arguments give the same numbers
 * ```ts
 * import { random } from "yopo-bench";
 * import assert from "node:assert/strict";
 *
 * assert.equal(random(7, "start", 0, 3).uniform(), random(7, "start", 0, 3).uniform());
 * assert.notEqual(random(7, "start", 0, 3).uniform(), random(8, "start", 0, 3).uniform());
 * ```
 */
export function random(seed: number, name: string, ...indices: number[]): RandomStream {
  checkWord(seed, "a random stream with seed");
  indices.forEach((index) => checkWord(index, "a random stream with index"));
  if (indices.length > 3) throw new RangeError(`Cannot make a random stream with ${indices.length} indices: 3 at most`);
  // the number of indices counts, else a missing index would be the same as index 0
  const key = new Uint32Array([seed, hashName(name + String.fromCharCode(indices.length))]);
  return new PhiloxStream(key, new Uint32Array([0, ...indices]));
}

class PhiloxStream implements RandomStream {
  #key: Uint32Array;
  #counter = new Uint32Array(4);
  #block = new Uint32Array(4);
  #used = 4;

  constructor(key: Uint32Array, start: Uint32Array) {
    this.#key = key;
    this.#counter.set(start);
  }

  uint32(): number {
    if (this.#used === 4) {
      philox4x32(this.#counter, this.#key, this.#block);
      this.#counter[0]! += 1;
      this.#used = 0;
    }
    return this.#block[this.#used++]!;
  }

  uniform(low = 0, high = 1): number {
    if (!(low <= high && Number.isFinite(high - low))) {
      throw new RangeError(`Cannot draw uniformly from ${low} to ${high}: expected finite bounds in this order`);
    }
    return low + (high - low) * ((this.uint32() >>> 8) * 2 ** -24);
  }

  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  integer(bound: number): number {
    if (!Number.isInteger(bound) || bound < 1 || bound > 2 ** 32) {
      throw new RangeError(`Cannot draw an integer below ${bound}: it must be an integer from 1 to 4294967296`);
    }
    const limit = 2 ** 32 - 2 ** 32 % bound;
    let word = this.uint32();
    while (word >= limit) word = this.uint32();
    return word % bound;
  }

  permutation(length: number): Uint32Array {
    checkWord(length, "a permutation of length");
    const order = new Uint32Array(length).map((_, i) => i);
    for (let i = length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    return order;
  }
}

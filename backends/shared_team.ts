/** A team of Workers on shared memory: barriers and sums between threads that run the same program. @module */

import { checkShards, equalParts, type Span, type Team } from "./team.ts";

/** What the supervising thread hands to each Worker of a team. */
export interface TeamSeat {
  readonly rank: number;
  readonly size: number;
  readonly shards: number;
  /** From {@linkcode createTeamMemory}, the same for all. */
  readonly memory: SharedArrayBuffer;
}

/** Thrown in the Workers of a team that was ended from outside, so that none waits for one that has died. */
export class TeamEnded extends Error {
  override name = "TeamEnded";
}

/** Floats that each worker puts on the table at a time; longer sums go in pieces. */
const SLOT_FLOATS = 1 << 18;

/** Words of the control block: arrivals at the barrier, barriers passed, whether the team was ended. */
const ARRIVED = 0, PASSED = 1, ENDED = 2, CONTROL_BYTES = 64;

/** Looks at the barrier before a worker goes to sleep, and the longest sleep before it looks whether the team ended. */
const SPINS = 2000, SLEEP_MILLISECONDS = 100;

/** Memory for a team of `size` workers: the control block, a slot for each, one for the sum. */
export function createTeamMemory(size: number): SharedArrayBuffer {
  return new SharedArrayBuffer(CONTROL_BYTES + (size + 1) * SLOT_FLOATS * 4);
}

/** Makes every worker of the team throw {@linkcode TeamEnded} when it next waits. */
export function endTeam(memory: SharedArrayBuffer): void {
  const control = new Int32Array(memory, 0, CONTROL_BYTES / 4);
  Atomics.store(control, ENDED, 1);
  Atomics.notify(control, PASSED);
}

/** The shards of each rank: a binary tree over the shards is handed out so that each worker gets one subtree. */
export function shardsOfRanks(size: number, shards: number): Span[] {
  const hand = (workers: number, first: number, end: number): Span[] => {
    if (workers === 1) return [{ first, end }];
    const middle = (first + end) / 2, left = Math.ceil(workers / 2);
    return [...hand(left, first, middle), ...hand(workers - left, middle, end)];
  };
  return hand(size, 0, shards);
}

/** @throws {RangeError} When shards is not a power of two, or below the number of workers. */
export function joinTeam({ rank, size, shards, memory }: TeamSeat): Team {
  checkShards(shards);
  if (size > shards) throw new RangeError(`Cannot share ${shards} shards among ${size} workers: use at most ${shards}`);
  const table = new Table(rank, size, memory);
  const owned = shardsOfRanks(size, shards);
  let bounds: number[] = [], together = false, seconds = 0;
  const timed = <T>(work: () => T): T => {
    const began = performance.now();
    const result = work();
    seconds += (performance.now() - began) / 1000;
    return result;
  };
  return {
    rank,
    size,
    shards,
    takeShare(count) {
      const all = equalParts(count, shards);
      together = owned.every(({ first, end }) => all[first]! < all[end]!);
      const { first, end } = together ? owned[rank]! : { first: 0, end: shards };
      bounds = all.slice(first, end + 1).map((bound) => bound - all[first]!);
      return { first: all[first]!, end: all[end]! };
    },
    shardBounds(local) {
      if (bounds.at(-1) === local) return bounds;
      throw new RangeError(`Cannot sum over ${local} examples: this worker's share holds ${bounds.at(-1)}`);
    },
    allReduce: (partials) => timed(() => together ? table.sum(partials) : undefined),
    allGather: (values) => timed(() => table.gather(values)),
    collectiveSeconds: () => seconds,
  };
}

/** Slots that every worker of a team sees, and the barrier around them. */
class Table {
  #control: Int32Array;
  #slots: Float32Array[];
  #total: Float32Array;

  constructor(readonly rank: number, readonly size: number, memory: SharedArrayBuffer) {
    const slot = (i: number) => new Float32Array(memory, CONTROL_BYTES + i * SLOT_FLOATS * 4, SLOT_FLOATS);
    this.#control = new Int32Array(memory, 0, CONTROL_BYTES / 4);
    this.#slots = Array.from({ length: size }, (_, i) => slot(i));
    this.#total = slot(size);
  }

  /** Sums in place. Each worker puts its piece in its slot, adds up its part of all pieces, and takes the whole sum. */
  sum(partials: readonly Float32Array[]): void {
    for (const piece of pieces(partials)) {
      let length = 0;
      for (const run of piece) {
        this.#slots[this.rank]!.set(run, length);
        length += run.length;
      }
      this.#barrier();
      const [first, end] = equalParts(length, this.size).slice(this.rank, this.rank + 2) as [number, number];
      this.#total.set(addUp(this.#slots.map((slot) => slot.subarray(first, end))), first);
      this.#barrier();
      length = 0;
      for (const run of piece) {
        run.set(this.#total.subarray(length, length + run.length));
        length += run.length;
      }
    }
  }

  gather(values: readonly number[]): number[][] {
    const views = this.#slots.map(({ buffer, byteOffset }) => new Float64Array(buffer, byteOffset, values.length));
    views[this.rank]!.set(values);
    this.#barrier();
    const gathered = views.map((view) => [...view]);
    this.#barrier();
    return gathered;
  }

  /** Returns when all workers are here. @throws {TeamEnded} */
  #barrier(): void {
    const control = this.#control, passed = Atomics.load(control, PASSED);
    if (Atomics.add(control, ARRIVED, 1) === this.size - 1) {
      Atomics.store(control, ARRIVED, 0);
      Atomics.add(control, PASSED, 1);
      Atomics.notify(control, PASSED);
      return;
    }
    for (let spin = 0; Atomics.load(control, PASSED) === passed; spin++) {
      if (Atomics.load(control, ENDED) === 1) throw new TeamEnded("the team of workers was ended");
      if (spin >= SPINS) Atomics.wait(control, PASSED, passed, SLEEP_MILLISECONDS);
    }
  }
}

/** Cuts arrays into pieces of runs that fill at most a slot. */
function* pieces(arrays: readonly Float32Array[]): Generator<Float32Array[]> {
  let piece: Float32Array[] = [], room = SLOT_FLOATS;
  for (const array of arrays) {
    for (let first = 0; first < array.length;) {
      const run = array.subarray(first, first + room);
      piece.push(run);
      first += run.length;
      room -= run.length;
      if (room > 0) continue;
      yield piece;
      piece = [];
      room = SLOT_FLOATS;
    }
  }
  if (piece.length > 0) yield piece;
}

/** Sum along the tree in which the ranks got their shards: the first half of the ranks, rounded up, is the left half. */
function addUp(parts: readonly Float32Array[]): Float32Array {
  if (parts.length === 1) return parts[0]!;
  const middle = Math.ceil(parts.length / 2);
  const left = addUp(parts.slice(0, middle)), right = addUp(parts.slice(middle));
  const sum = new Float32Array(left.length);
  for (let i = 0; i < sum.length; i++) sum[i] = left[i]! + right[i]!;
  return sum;
}

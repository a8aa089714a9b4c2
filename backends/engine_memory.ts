/** How much memory an engine holds and may hold. @module */

import * as tf from "@tensorflow/tfjs";
import type { Engine } from "./engine.ts";

/** WebAssembly's addresses have 32 bits; tfjs's module may grow to all of them but the last page. */
const WASM_LIMIT_BYTES = 2 ** 32 - 2 ** 16;

/** An engine's own heap, which grows and never shrinks. */
export interface Heap {
  readonly bytes: number;
  readonly limitBytes: number;
}

/** The heap of this worker's wasm engine; null for engines that take their memory from the system. */
export function heapOfEngine({ name }: Pick<Engine, "name">): Heap | null {
  if (name !== "wasm") return null;
  const { wasm } = tf.backend() as unknown as { wasm: { HEAPU8: Uint8Array } };
  return { bytes: wasm.HEAPU8.length, limitBytes: WASM_LIMIT_BYTES };
}

const guarded = new WeakSet<object>();

/**
 * Makes tfjs's wasm backend throw where its heap is full. Left alone, its allocator returns address 0, or takes the size
 * modulo 2³², and tensors there overwrite others without a word. Call it once the backend is active.
 */
export function guardHeap(): void {
  const { wasm } = tf.backend() as unknown as { wasm: { _malloc(bytes: number): number; _free(at: number): void } };
  if (guarded.has(wasm)) return;
  guarded.add(wasm);
  wasm._free(wasm._malloc(1)); // the first call replaces the function by the module's own
  const allocate = wasm._malloc;
  wasm._malloc = (bytes) => {
    const address = bytes < WASM_LIMIT_BYTES ? allocate(bytes) : 0;
    if (address === 0 && bytes > 0) {
      throw new RangeError(`Cannot hold ${bytes} bytes more: the wasm engine's 4 GiB are full; use a smaller batch`);
    }
    return address;
  };
}

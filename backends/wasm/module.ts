/** Our WebAssembly module (assembly/, built by `deno task kernels`), working in place on the memory of tfjs's wasm
 *  backend. @module */

import * as tf from "@tensorflow/tfjs";
import type { Assembly } from "./exports.ts";

/** "simd" rounds every operation, as WebAssembly specifies; "fma" uses relaxed SIMD's fused multiply-add. */
export type Variant = "simd" | "fma";

const loaded = new Map<Variant, Assembly>();
let inUse: Assembly | undefined;

/**
 * Makes a variant the one in use in this process (or Worker). tfjs's wasm backend must be the active one.
 *
 * @throws {Error} When WebAssembly here lacks what the variant needs.
 */
export async function useVariant(variant: Variant): Promise<void> {
  const assembly = loaded.get(variant) ?? await load(variant);
  loaded.set(variant, assembly);
  inUse = assembly;
}

/** The functions of the variant in use. Pointers are byte addresses; see `pointerOf` in heap.ts. */
export function assembly(): Assembly {
  if (inUse === undefined) throw new Error("Cannot run a wasm kernel: useVariant() has not been called");
  return inUse;
}

async function load(variant: Variant): Promise<Assembly> {
  const bytes = await Deno.readFile(new URL(`./kernels_${variant}.wasm`, import.meta.url));
  const { wasm } = tf.backend() as unknown as { wasm: { asm: { memory: WebAssembly.Memory } } };
  try {
    const { instance } = await WebAssembly.instantiate(bytes, { env: { memory: wasm.asm.memory } });
    return instance.exports as unknown as Assembly;
  } catch (cause) {
    throw new Error(`Cannot start the ${variant} kernels: WebAssembly here does not take them`, { cause });
  }
}

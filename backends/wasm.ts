/** The wasm engine: tfjs's WebAssembly backend (SIMD, one thread) with the gradients that it lacks or computes slowly
 *  composed from its fast products. @module */

import * as tf from "@tensorflow/tfjs";
import { version_wasm } from "@tensorflow/tfjs-backend-wasm";
import type { Engine, EngineDefinition } from "./engine.ts";
import { wasmKernels } from "./wasm/kernels.ts";
import { registerWasmKernels } from "./wasm/register.ts";

/** tfjs's wasm backend with our kernels. */
export const wasmEngine: EngineDefinition = {
  name: "wasm",
  summary: "WebAssembly SIMD, no native dependency",
  async available() {
    if (await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT")) return { available: true };
    return { available: false, reason: "WebAssembly has no SIMD here", advice: "use a current Deno and a 64-bit CPU" };
  },
  async open(): Promise<Engine> {
    tf.enableProdMode();
    if (!await tf.setBackend("wasm")) throw new Error("Cannot start engine wasm: tfjs did not start its wasm backend");
    registerWasmKernels();
    return {
      name: "wasm",
      version: `@tensorflow/tfjs-backend-wasm ${version_wasm}`,
      kernelSet: "wasm-composed-1",
      precision: "f32",
      workers: 1,
      shards: 1,
      kernels: wasmKernels(),
      allReduce: (partial) => partial,
      synchronize: () => Promise.resolve(),
      memory: () => ({ tensors: tf.memory().numTensors, bytes: tf.memory().numBytes }),
    };
  },
};

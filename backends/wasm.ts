/** The wasm engine: tfjs's WebAssembly backend (SIMD, one thread) with the gradients that it lacks or computes slowly
 *  composed from its fast products. @module */

import * as tf from "@tensorflow/tfjs";
import { version_wasm } from "@tensorflow/tfjs-backend-wasm";
import type { Engine, EngineDefinition, OpenOptions } from "./engine.ts";
import { soloTeam } from "./team.ts";
import { wasmKernels } from "./wasm/kernels.ts";
import { registerWasmKernels } from "./wasm/register.ts";

/** tfjs's wasm backend with our kernels. */
export const wasmEngine: EngineDefinition = {
  name: "wasm",
  summary: "WebAssembly SIMD, no native dependency",
  precisions: ["f32"],
  shards: 1,
  async available() {
    if (await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT")) return { available: true };
    return { available: false, reason: "WebAssembly has no SIMD here", advice: "use a current Deno and a 64-bit CPU" };
  },
  async open({ team = soloTeam(1) }: OpenOptions = {}): Promise<Engine> {
    tf.enableProdMode();
    if (!await tf.setBackend("wasm")) throw new Error("Cannot start engine wasm: tfjs did not start its wasm backend");
    registerWasmKernels();
    return {
      name: "wasm",
      version: `@tensorflow/tfjs-backend-wasm ${version_wasm}`,
      kernelSet: "wasm-composed-1",
      precision: "f32",
      team,
      kernels: wasmKernels(),
      allReduce: (partials) => partials.map((partial) => partial.clone()),
      synchronize: () => Promise.resolve(),
      memory: () => ({ tensors: tf.memory().numTensors, bytes: tf.memory().numBytes }),
      settings: {},
    };
  },
};

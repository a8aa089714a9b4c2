/** The wasm engine: tfjs's WebAssembly backend (SIMD, one thread) with our own kernels for what training is made of.
 *  @module */

import * as tf from "@tensorflow/tfjs";
import { version_wasm } from "@tensorflow/tfjs-backend-wasm";
import { allReduceTensors } from "./all_reduce.ts";
import type { Engine, EngineDefinition, Kernels, OpenOptions, Precision } from "./engine.ts";
import { guardHeap } from "./engine_memory.ts";
import { soloTeam } from "./team.ts";
import { wasmKernels } from "./wasm/kernels.ts";
import { useVariant } from "./wasm/module.ts";
import { registerWasmKernels } from "./wasm/register.ts";
import { useTeam, WASM_SHARDS } from "./wasm/team_in_use.ts";

/** tfjs's wasm backend with our kernels. */
export const wasmEngine: EngineDefinition = {
  name: "wasm",
  summary: "WebAssembly SIMD, no native dependency",
  precisions: ["f32", "f32-fma"],
  shards: WASM_SHARDS,
  async available() {
    if (await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT")) return { available: true };
    return { available: false, reason: "WebAssembly has no SIMD here", advice: "use a current Deno and a 64-bit CPU" };
  },
  async open({ precision = "f32", team = soloTeam(WASM_SHARDS) }: OpenOptions = {}): Promise<Engine> {
    if (precision === "bf16") {
      throw new RangeError("Cannot open engine wasm with precision bf16: it has f32 and f32-fma");
    }
    tf.enableProdMode();
    if (!await tf.setBackend("wasm")) throw new Error("Cannot start engine wasm: tfjs did not start its wasm backend");
    const variant = precision === "f32" ? "simd" : "fma";
    await useVariant(variant);
    useTeam(team);
    guardHeap();
    registerWasmKernels();
    const kernels = wasmKernels();
    checkPrecision(kernels, precision);
    return {
      name: "wasm",
      version: `@tensorflow/tfjs-backend-wasm ${version_wasm}`,
      kernelSet: `wasm-${variant}-3`,
      precision,
      team,
      kernels,
      allReduce: (partials) => allReduceTensors(team, partials),
      synchronize: () => Promise.resolve(),
      memory: () => ({ tensors: tf.memory().numTensors, bytes: tf.memory().numBytes }),
      settings: {},
    };
  },
};

/** Compares the asked precision with the rounding of a product: (1 + 2^-12)² − (1 + 2^-11) is 2^-24, and 0 where the
 *  square is rounded before the sum. */
function checkPrecision({ dense }: Kernels, asked: Precision): void {
  const measured: Precision = tf.tidy(() => {
    const factor = 1 + 2 ** -12;
    const rows = tf.tensor2d([[-1, factor]]), columns = tf.tensor2d([[1 + 2 ** -11], [factor]]);
    return dense(rows, columns, null, "none").dataSync()[0] === 0 ? "f32" : "f32-fma";
  });
  if (measured === asked) return;
  throw new Error(`Cannot open engine wasm with precision ${asked}: its products round as ${measured} on this machine`);
}

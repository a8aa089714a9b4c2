/** The tensorflow engine: TensorFlow's native kernels, loaded into Deno through the package @tensorflow/tfjs-node-gpu,
 *  whose binding `setup native` builds together with operations of our own. @module */

import * as tf from "@tensorflow/tfjs";
import { allReduceTensors } from "./all_reduce.ts";
import type { Engine, EngineDefinition, OpenOptions, Precision } from "./engine.ts";
import { soloTeam } from "./team.ts";
import { processSettings } from "./tensorflow/environment.ts";
import { measurePrecision, type ProductPrecision } from "./tensorflow/probe_precision.ts";
import { ADVICE, setupOfProcess } from "./tensorflow/setup_record.ts";

/** Loaded when the engine opens; names in variables, so that Deno does not load them for the other engines. */
const modules = { load: "./tensorflow/load.ts", kernels: "./tensorflow/kernels.ts" };

/** TensorFlow on the CPU, or on a GPU where the build has one. */
export const tensorflowEngine: EngineDefinition = {
  name: "tensorflow",
  summary: "TensorFlow's native kernels and our own",
  precisions: ["f32", "bf16"],
  shards: 1,
  async available() {
    const state = await setupOfProcess();
    if (!state.ready) return { available: false, reason: state.reason, advice: ADVICE };
    const { state: ffi } = await Deno.permissions.query({ name: "ffi", path: state.binding });
    if (state.librariesSeen || ffi !== "granted") return { available: true };
    const { whyNotLoading }: typeof import("./tensorflow/load.ts") = await import(modules.load);
    const reason = whyNotLoading(state.binding);
    return reason === null ? { available: true } : { available: false, reason, advice: ADVICE };
  },
  async open({ precision = "f32", team = soloTeam(1) }: OpenOptions = {}): Promise<Engine> {
    const state = await setupOfProcess();
    if (!state.ready) throw new Error(`Cannot start engine tensorflow: ${state.reason}; ${ADVICE}`);
    tf.enableProdMode();
    const { loadTensorflow }: typeof import("./tensorflow/load.ts") = await import(modules.load);
    const { operations, tensorflowVersion, usesGpu } = await loadTensorflow(state.binding);
    const { openKernels }: typeof import("./tensorflow/kernels.ts") = await import(modules.kernels);
    const { name: kernelSet, kernels } = openKernels(
      operations,
      { gpu: usesGpu, ownOperations: state.record.ownOperations },
      precision,
    );
    checkPrecision(precision, measurePrecision(kernels));
    return {
      name: "tensorflow",
      version: `@tensorflow/tfjs-node-gpu 4.22.0, TensorFlow ${tensorflowVersion}`,
      kernelSet,
      precision,
      team,
      kernels,
      allReduce: (partials) => allReduceTensors(team, partials),
      synchronize: () => usesGpu ? waitForGpu() : Promise.resolve(), // on the CPU operations return when they are done
      memory: () => ({ tensors: tf.memory().numTensors, bytes: tf.memory().numBytes }),
      settings: { gpu: usesGpu, ...await processSettings() },
    };
  },
};

/** A GPU works through its queue in order, so its last entry's value is there when all are done. */
async function waitForGpu(): Promise<void> {
  const last = tf.tidy(() => tf.add(tf.scalar(1), 1));
  await last.data();
  last.dispose();
}

const NAMES: Readonly<Record<ProductPrecision, string>> = { f32: "float32", tf32: "tf32", bf16: "bfloat16" };

/** @throws {Error} When products have another precision than was asked for. */
function checkPrecision(asked: Precision, measured: ProductPrecision): void {
  if (asked === measured) return;
  if (asked === "bf16") {
    throw new Error(
      `Cannot use precision bf16: products came out in ${NAMES[measured]} on this processor ` +
        "(oneDNN needs AMX for it); use f32",
    );
  }
  const advice = measured === "tf32" ? "set NVIDIA_TF32_OVERRIDE=0" : "unset ONEDNN_DEFAULT_FPMATH_MODE";
  throw new Error(`Cannot use precision ${asked}: products in this process are ${NAMES[measured]}; ${advice}`);
}

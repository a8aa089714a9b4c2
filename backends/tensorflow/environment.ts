/** The environment that TensorFlow, oneDNN and the C library's allocator read when the process starts; the launcher sets
 *  it. docs/performance.md says what was measured. @module */

import type { Precision } from "../engine.ts";

/** Variables for a process that may open the engine. */
export function tensorflowEnvironment(precision: Precision): Record<string, string> {
  return {
    TF_CPP_MIN_LOG_LEVEL: "3",
    // As by default; TensorFlow prints a line where it decides by itself.
    TF_ENABLE_ONEDNN_OPTS: "1",
    // Freed memory is kept for the next step: giving it back costs a page fault for every 4 KiB of each large result.
    // The C library learns this by itself up to 32 MiB a tensor; a batch of 768 gains 2 to 4 % of a step.
    MALLOC_ARENA_MAX: "1",
    MALLOC_MMAP_THRESHOLD_: "17179869184",
    MALLOC_TRIM_THRESHOLD_: "17179869184",
    MALLOC_TOP_PAD_: "67108864",
    // What TensorFlow takes by itself, said so that the record holds what was set.
    TF_NUM_INTEROP_THREADS: String(navigator.hardwareConcurrency),
    TF_NUM_INTRAOP_THREADS: String(navigator.hardwareConcurrency),
    // NVIDIA's libraries round the factors of float32 products to tf32 otherwise.
    NVIDIA_TF32_OVERRIDE: "0",
    ...(precision === "bf16" ? { ONEDNN_DEFAULT_FPMATH_MODE: "BF16" } : {}),
  };
}

/** All that decides speed and may be set, for the permission to read them into the record. */
export const tensorflowVariables: readonly string[] = [
  "GLIBC_TUNABLES",
  "MALLOC_ARENA_MAX",
  "MALLOC_MMAP_THRESHOLD_",
  "MALLOC_TOP_PAD_",
  "MALLOC_TRIM_THRESHOLD_",
  "NVIDIA_TF32_OVERRIDE",
  "ONEDNN_DEFAULT_FPMATH_MODE",
  "TF_ENABLE_ONEDNN_OPTS",
  "TF_NUM_INTEROP_THREADS",
  "TF_NUM_INTRAOP_THREADS",
];

/** Those that are set in this process and may be read. */
export async function processSettings(): Promise<Record<string, string>> {
  const settings: Record<string, string> = {};
  for (const variable of tensorflowVariables) {
    const { state } = await Deno.permissions.query({ name: "env", variable });
    const value = state === "granted" ? Deno.env.get(variable) : undefined;
    if (value !== undefined) settings[variable] = value;
  }
  return settings;
}

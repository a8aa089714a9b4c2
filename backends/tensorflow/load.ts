/** Loads the binding and starts the package's tfjs backend on it. @module */

import process from "node:process";
import util from "node:util";
import type { TFJSBinding } from "@tensorflow/tfjs-node-gpu/dist/tfjs_binding.js";
import * as tf from "@tensorflow/tfjs";
import { Operations, type TensorflowBackend } from "./operations.ts";
import { ADVICE } from "./setup_record.ts";

/** What tfjs calls the backend, and the package's own kernels are registered for. */
export const BACKEND = "tensorflow";

/** The started backend. */
export interface Loaded {
  readonly operations: Operations;
  /** TensorFlow's version, such as "2.21.0". */
  readonly tensorflowVersion: string;
  readonly usesGpu: boolean;
}

let loaded: Loaded | undefined;

/** Makes the package's backend tfjs's active one; once a process (or Worker). Needs --allow-ffi for the path. */
export async function loadTensorflow(bindingPath: string): Promise<Loaded> {
  loaded ??= await start(bindingPath);
  await tf.setBackend(BACKEND);
  return loaded;
}

async function start(bindingPath: string): Promise<Loaded> {
  restoreRemovedFunctions();
  const binding = loadLibrary(bindingPath);
  await import("@tensorflow/tfjs-node-gpu/dist/register_all_kernels.js");
  const { NodeJSKernelBackend } = await import("@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend.js");
  const backend = new NodeJSKernelBackend(binding, "@tensorflow/tfjs-node-gpu");
  if (!tf.registerBackend(BACKEND, () => backend, 3)) {
    throw new Error("Cannot start engine tensorflow: tfjs has another backend of that name");
  }
  await tf.setBackend(BACKEND);
  return {
    operations: new Operations(backend as unknown as TensorflowBackend),
    tensorflowVersion: String(binding.TF_Version),
    usesGpu: backend.isUsingGpuDevice,
  };
}

/** Opens the library; TensorFlow is not started. @throws {Error} Why it does not load. */
function loadLibrary(path: string): TFJSBinding {
  const opened = openLibrary(path);
  if (typeof opened !== "string") return opened;
  throw new Error(`Cannot start engine tensorflow: ${opened}; ${ADVICE}`);
}

/** Why the binding does not load, null where it does; costs the half second that opening the library takes. */
export function whyNotLoading(path: string): string | null {
  const opened = openLibrary(path);
  return typeof opened === "string" ? opened : null;
}

/** As require() does, which would follow links to a path that --allow-ffi does not name. The binding, or why not. */
function openLibrary(path: string): TFJSBinding | string {
  const library: { exports: Partial<TFJSBinding> & { error?: string } } = { exports: {} };
  let reason: string;
  try {
    process.dlopen(library as NodeJS.Module, path);
    if (typeof library.exports.isUsingGpuDevice === "function") return library.exports as TFJSBinding;
    reason = library.exports.error ?? "it exports nothing";
  } catch (error) {
    reason = error instanceof Error ? error.message : String(error);
  }
  return `${JSON.stringify(path)} does not load (${reason.trim().split("\n", 1)[0]})`;
}

/** The package calls two functions of node:util that Node 23 and Deno no longer have. */
function restoreRemovedFunctions(): void {
  const functions: Record<string, unknown> = util as unknown as Record<string, unknown>;
  functions.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  functions.isArray ??= Array.isArray;
}

/** Loads the binding and starts the package's tfjs backend on it. @module */

import process from "node:process";
import util from "node:util";
import type { TFJSBinding } from "@tensorflow/tfjs-node-gpu/dist/tfjs_binding.js";
import * as tf from "@tensorflow/tfjs";
import { Operations, type TensorflowBackend } from "./operations.ts";

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

/** As require() does, which would follow links to a path that --allow-ffi does not name. */
function loadLibrary(path: string): TFJSBinding {
  const library: { exports: unknown } = { exports: {} };
  process.dlopen(library as NodeJS.Module, path);
  return library.exports as TFJSBinding;
}

/** The package calls two functions of node:util that Node 23 and Deno no longer have. */
function restoreRemovedFunctions(): void {
  const functions: Record<string, unknown> = util as unknown as Record<string, unknown>;
  functions.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  functions.isArray ??= Array.isArray;
}

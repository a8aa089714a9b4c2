/** Chooses the engine's kernel table. @module */

import type { Kernels, Precision } from "../engine.ts";
import type { Operations } from "./operations.ts";
import { ownKernels } from "./own_kernels.ts";
import { stockKernels } from "./stock_kernels.ts";

/** A kernel table and its name for the engine key. */
export interface KernelTable {
  readonly name: string;
  readonly kernels: Kernels;
}

/** Registers a table's kernels: ours where the binding has them and on the CPU, else TensorFlow's own operations, which
 *  give other bits on a GPU. */
export function openKernels(
  operations: Operations,
  { gpu, ownOperations }: { readonly gpu: boolean; readonly ownOperations: boolean },
  precision: Precision,
): KernelTable {
  if (gpu) return { name: "tensorflow-gpu-1", kernels: stockKernels(operations) };
  return ownOperations
    ? { name: "tensorflow-own-2", kernels: ownKernels(operations, precision) }
    : { name: "tensorflow-ops-1", kernels: stockKernels(operations) };
}

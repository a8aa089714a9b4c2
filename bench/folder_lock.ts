/** One program at a time in a results folder, on one host: a file lock, which the system frees when the program ends,
 *  however it ends. @module */

import { join } from "node:path";
import { UsageError } from "./usage_error.ts";

/** The lock's file in a results folder. */
export const LOCK_FILE = ".lock";

/**
 * Takes the lock of a results folder that exists; disposing gives it back.
 *
 * @throws {UsageError} When another program holds it.
 */
export async function lockFolder(out: string): Promise<Disposable> {
  const file = await Deno.open(join(out, LOCK_FILE), { create: true, write: true });
  if (await file.tryLock(true)) return file;
  file.close();
  throw new UsageError(`Cannot use ${out}: another program is at work in it; wait for it or choose another --out`);
}

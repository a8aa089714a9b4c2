/** Where `setup native` puts what it fetches and builds. @module */

import { join } from "node:path";

/** The version of TensorFlow that the binding is built against and tested with. */
export const TENSORFLOW_VERSION = "2.21.0";

/** The folder that holds everything; deleting it undoes the setup. */
export function nativeFolder(cache: string): string {
  return join(cache, "native");
}

/** The module that the engine loads, ours; it loads the library below. */
export function bindingPath(cache: string): string {
  return join(nativeFolder(cache), "binding.node");
}

/** The package's binding with our operations, linked to TensorFlow. */
export function libraryPath(cache: string): string {
  return join(nativeFolder(cache), "library.so");
}

/** What was built, from what. */
export function recordPath(cache: string): string {
  return join(nativeFolder(cache), "setup.json");
}

/** The program's cache folder, which the launcher tells its child; null where it may not be read. */
export async function cacheOfProcess(): Promise<string | null> {
  const { state } = await Deno.permissions.query({ name: "env", variable: "YOPO_BENCH_CACHE" });
  return state === "granted" ? Deno.env.get("YOPO_BENCH_CACHE") || null : null;
}

/** Where this machine's user keeps files that can be fetched again. @module */

import { posix, win32 } from "node:path";

/** What tells the place. */
export interface CacheOrigin {
  /** Deno.build.os */
  readonly os: string;
  /** Reads an environment variable. */
  readonly env: (name: string) => string | undefined;
}

/** The variables that `cacheFolder` may read, for the permission to do so. */
export const cacheVariables = ["YOPO_BENCH_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA", "HOME"] as const;

/**
 * The program's cache folder: YOPO_BENCH_CACHE where set, else the system's place (XDG base directories on Linux,
 * Library/Caches on macOS, LOCALAPPDATA on Windows).
 *
 * @throws {RangeError} When no variable tells the place.
 */
export function cacheFolder({ os, env }: CacheOrigin): string {
  const chosen = env("YOPO_BENCH_CACHE");
  if (chosen) return chosen;
  const home = env("HOME");
  if (os === "windows") {
    const local = env("LOCALAPPDATA");
    if (local) return win32.join(local, "yopo-bench");
  } else if (os === "darwin") {
    if (home) return posix.join(home, "Library", "Caches", "yopo-bench");
  } else {
    const xdg = env("XDG_CACHE_HOME");
    // the specification says that a relative path is to be ignored
    if (xdg && posix.isAbsolute(xdg)) return posix.join(xdg, "yopo-bench");
    if (home) return posix.join(home, ".cache", "yopo-bench");
  }
  throw new RangeError("Cannot tell the cache folder: the environment names no home; set YOPO_BENCH_CACHE to a folder");
}

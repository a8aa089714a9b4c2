/** What one command may touch, and the same as Deno's flags. @module */

import { UsageError } from "../bench/usage_error.ts";

/** Everything outside this list is refused by Deno itself. */
export interface Permissions {
  /** Files and folders, absolute. */
  readonly read: readonly string[];
  readonly write?: readonly string[];
  /** Host names. */
  readonly net?: readonly string[];
  /** Facts about the machine, by Deno's names. */
  readonly sys?: readonly string[];
  readonly env?: readonly string[];
  /** Programs, by name; the variables that such programs read are handed on. */
  readonly run?: readonly string[];
  /** Native libraries, absolute. */
  readonly ffi?: readonly string[];
  /** The engine that may be opened, as the options ask for it: what it needs is added to the rest. */
  readonly engine?: { readonly engine: string; readonly precision: string };
}

/** What the hardware record asks for. */
export const hardwareFacts = ["cpus", "systemMemoryInfo", "osRelease", "loadavg"] as const;

/** What the owner of a run writes of itself, so that others on its host know it from those elsewhere. */
export const ownerFacts = ["hostname"] as const;

/**
 * Deno's flags for the permissions.
 *
 * @throws {UsageError} When a path holds a comma: Deno's lists have no way to write one.
 */
export function permissionFlags(permissions: Permissions): string[] {
  for (const path of [...permissions.read, ...permissions.write ?? [], ...permissions.ffi ?? []]) {
    if (path.includes(",")) {
      throw new UsageError(
        `Cannot use path ${JSON.stringify(path)}: Deno's permission lists cannot hold a comma; rename or move it`,
      );
    }
  }
  return (["read", "write", "net", "sys", "env", "run", "ffi"] as const).flatMap((kind) => {
    const names = permissions[kind] ?? [];
    return names.length === 0 ? [] : [`--allow-${kind}=${[...new Set(names)].join(",")}`];
  });
}

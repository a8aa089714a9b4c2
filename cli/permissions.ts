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
}

/** What the hardware record asks for. */
export const hardwareFacts = ["cpus", "systemMemoryInfo", "osRelease", "loadavg"] as const;

/**
 * Deno's flags for the permissions.
 *
 * @throws {UsageError} When a path holds a comma: Deno's lists have no way to write one.
 */
export function permissionFlags(permissions: Permissions): string[] {
  for (const path of [...permissions.read, ...permissions.write ?? []]) {
    if (path.includes(",")) {
      throw new UsageError(
        `Cannot use path ${JSON.stringify(path)}: Deno's permission lists cannot hold a comma; rename or move it`,
      );
    }
  }
  return (["read", "write", "net", "sys", "env"] as const).flatMap((kind) => {
    const names = permissions[kind] ?? [];
    return names.length === 0 ? [] : [`--allow-${kind}=${[...new Set(names)].join(",")}`];
  });
}

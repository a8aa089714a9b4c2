/** Canonical JSON and its hash: what ids and keys are made from. @module */

import { createHash } from "node:crypto";

/** JSON with object keys in code unit order, so that equal values give equal text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    if (part === null || typeof part !== "object" || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0));
  });
}

/** SHA-256 of the canonical JSON, 64 hexadecimal digits. */
export function canonicalHash(value: unknown): string {
  return createHash("sha256").update(canonicalJson(value)).digest("hex");
}

/** The first key path at which two JSON values differ, such as "runs.0.epochs"; undefined where they are equal. */
export function firstDifference(a: unknown, b: unknown, path = ""): string | undefined {
  if (canonicalJson(a) === canonicalJson(b)) return undefined;
  if (a === null || b === null || typeof a !== "object" || typeof b !== "object") return path || "(all)";
  const left = a as Record<string, unknown>, right = b as Record<string, unknown>;
  for (const key of [...new Set([...Object.keys(left), ...Object.keys(right)])].sort()) {
    const inner = path ? `${path}.${key}` : key;
    if (!(key in left) || !(key in right)) return inner;
    const found = firstDifference(left[key], right[key], inner);
    if (found) return found;
  }
  return path || "(all)";
}

/** Records that state the hash of their own contents, so that one changed after it was written is not read as another.
 *  @module */

import { createHash } from "node:crypto";

/** A record's text: indented JSON whose last key, `contentSha256`, is the SHA-256 of all else as JSON without spaces. */
export function hashedText(record: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ ...record, contentSha256: hashOf(record) }, null, 2) + "\n";
}

/** The record without its hash. @returns Null where the hash that it states is not that of its contents. */
export function withoutHash(value: Readonly<Record<string, unknown>>): Record<string, unknown> | null {
  const { contentSha256, ...record } = value;
  return contentSha256 === undefined || contentSha256 === hashOf(record) ? record : null;
}

function hashOf(record: Readonly<Record<string, unknown>>): string {
  return createHash("sha256").update(JSON.stringify(record)).digest("hex");
}

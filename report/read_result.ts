/** Reads result.json and says in one plain line what is wrong with a file that is none. @module */

import { withoutHash } from "../files/content_hash.ts";
import { type Result, resultSchema } from "../bench/result.ts";
import { shortText } from "./plain_text.ts";

const VERSION = resultSchema.shape.schema.value;

/** The result in the text of a result.json.
 *
 *  @param source Where the text came from, for messages
 *  @throws {SyntaxError} where the text is not JSON
 *  @throws {RangeError} where another version of the program wrote it
 *  @throws {TypeError} where a key is missing, unknown or of the wrong kind; the message names the first */
export function readResult(text: string, source: string): Result {
  const value = parse(text, source);
  const schema = typeof value === "object" && value !== null && "schema" in value ? value.schema : undefined;
  if (typeof schema !== "string") {
    throw new TypeError(
      `Cannot read ${source}: it must be an object whose "schema" is "${VERSION}"; give a result.json`,
    );
  }
  if (schema !== VERSION) {
    throw new RangeError(
      `Cannot read ${source}: its "schema" is "${shortText(schema, 60)}" and this version reads "${VERSION}"; ` +
        "use the version that wrote it",
    );
  }
  const record = withoutHash(value as Record<string, unknown>);
  if (record === null) {
    throw new RangeError(
      `Cannot read ${source}: its contents do not have the hash that it states, so it was changed after it was written; ` +
        "run the suite's command again, which derives it anew from the journals",
    );
  }
  const checked = resultSchema.safeParse(record);
  if (checked.success) return checked.data;
  const issue = checked.error.issues[0];
  throw new TypeError(
    `Cannot read ${source}: ${issue ? `${pathOf(issue)}: ${shortText(issue.message, 200)}` : "invalid"}`,
  );
}

function parse(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? shortText(cause.message, 120) : "unknown reason";
    throw new SyntaxError(`Cannot read ${source}: not JSON (${reason}); it may be cut off`, { cause });
  }
}

/** "runs[0].points[3].clean.accuracy"; for an unknown key, that key's own path. */
function pathOf(
  issue: { readonly path: readonly PropertyKey[]; readonly code: string; readonly keys?: unknown },
): string {
  const unknown = issue.code === "unrecognized_keys" && Array.isArray(issue.keys) ? [String(issue.keys[0])] : [];
  const parts = [...issue.path, ...unknown].map((key) => typeof key === "number" ? `[${key}]` : `.${String(key)}`);
  return shortText(parts.join("").replace(/^\./, "") || "the top level", 200);
}

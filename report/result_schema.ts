/** The JSON Schema of result.json (draft 2020-12), made from the types that the program itself checks with. Run as a
 *  program it rewrites the published copy: `deno run --allow-write=docs/schema report/result_schema.ts`. @module */

import { z } from "zod";
import { resultSchema } from "../bench/result.ts";

/** The schema as an object. */
export function resultJsonSchema(): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(resultSchema, { io: "input" });
  return {
    $schema,
    title: "yopo-bench result, version 1",
    description: "What result.json holds. Times in seconds, accuracies as fractions 0..1, pixel values 0..1.",
    ...rest,
  };
}

/** The published file's text. */
export function resultSchemaText(): string {
  return JSON.stringify(resultJsonSchema(), null, 2) + "\n";
}

/** Where the published copy lies. */
export const RESULT_SCHEMA_FILE = new URL("../docs/schema/result.schema.json", import.meta.url);

if (import.meta.main) await Deno.writeTextFile(RESULT_SCHEMA_FILE, resultSchemaText());

/** JSON Schemas (draft 2020-12) of what the program writes, made from the types that it checks with itself. Run as a
 *  program it rewrites the published copies: `deno task schema`. @module */

import { z } from "zod";
import { evaluationSchema } from "../bench/evaluation_record.ts";
import { resultSchema } from "../bench/result.ts";

const UNITS = "Times in seconds, accuracies as fractions 0..1, pixel values 0..1.";

/** File names in docs/schema, and the schemas that they hold. */
export const jsonSchemas: Readonly<Record<string, Record<string, unknown>>> = {
  "result.schema.json": described(resultSchema, "yopo-bench result, version 1", `What result.json holds. ${UNITS}`),
  "evaluation.schema.json": described(
    evaluationSchema,
    "yopo-bench evaluation, version 1",
    `What evaluation.json holds. ${UNITS}`,
  ),
};

/** Where a published copy lies. */
export function schemaFile(name: string): URL {
  return new URL(`../docs/schema/${name}`, import.meta.url);
}

/** A published copy's text. */
export function schemaText(schema: Record<string, unknown>): string {
  return JSON.stringify(schema, null, 2) + "\n";
}

function described(schema: z.ZodType, title: string, description: string): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io: "input" });
  return { $schema, title, description, ...rest };
}

if (import.meta.main) {
  for (const [name, schema] of Object.entries(jsonSchemas)) {
    await Deno.writeTextFile(schemaFile(name), schemaText(schema));
  }
}

/** Published figures that a suite is set beside: suites/paper.json, checked. Each figure carries its source, so that a
 *  correction is one edit. @module */

import { z } from "zod";

const figure = {
  value: z.number().min(0),
  source: z.string().min(1).describe("where it is printed: the paper's table, a curve in the public repository"),
  fromMemory: z.boolean().describe("whether it was quoted from memory of the paper, without the page at hand"),
};

const row = z.strictObject({
  run: z.string().describe("label of the suite's run that repeats it"),
  training: z.string().describe("as the paper calls it"),
  clean: z.strictObject(figure).nullable().describe("fraction 0..1"),
  robust: z.array(z.strictObject({
    ...figure,
    attack: z.string().describe("as the paper calls it: PGD-20, CW"),
    name: z.string().nullable().describe(
      "our attack with the settings that the paper states, by registry name; null where it states none",
    ),
  })).describe("fractions 0..1"),
  minutes: z.strictObject(figure).nullable().describe("training time on the paper's machine"),
});

export const paperSchema = z.strictObject({
  title: z.string().describe("Table 1 of the YOPO paper (…)"),
  reference: z.string(),
  baseline: z.string().nullable().describe("label of the PGD-K run whose time the others' are divided by"),
  rows: z.array(row).min(1),
});

/** One table or figure of the paper. */
export type Paper = z.infer<typeof paperSchema>;

/** All of them by name. */
const paperFileSchema = z.record(z.string(), paperSchema);

/** The figures called `name`. @throws {RangeError} When there are none. */
export async function findPaper(name: string): Promise<Paper> {
  const file = new URL("../suites/paper.json", import.meta.url);
  const all = paperFileSchema.parse(JSON.parse(await Deno.readTextFile(file)));
  const found = all[name];
  if (found !== undefined && Object.hasOwn(all, name)) return found;
  throw new RangeError(`Cannot find the paper's figures "${name}": expected ${Object.keys(all).join(", ")}`);
}

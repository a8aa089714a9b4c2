/** Published figures that a suite is set beside: suites/paper.json, checked. Each figure carries its source, so that a
 *  correction is one edit. @module */

import { z } from "zod";
import { optimizerSchema } from "./suite.ts";

const source = {
  source: z.string().min(1).describe("where it is printed: the paper's table, a curve in the public repository"),
  fromMemory: z.boolean().describe("whether it was quoted from memory of the paper, without the page at hand"),
};
const figure = { value: z.number().min(0), ...source };
const count = z.int().min(1);
const options = z.record(z.string(), z.union([z.number(), z.boolean(), z.string()]));

const attack = z.strictObject({
  attack: z.string().describe("as the paper calls it: PGD-20, CW"),
  name: z.string().nullable().describe("our attack by registry name; null where the paper states no settings"),
  epsilon: z.number().positive(),
  options: options.describe(
    "options of ours that stand for the paper's settings, or, where it states none, tell ours apart",
  ),
  ...source,
});

const recipe = z.strictObject({
  method: z.strictObject({ name: z.string(), options }).describe("with the options that the recipe states"),
  batch: count,
  epochs: z.number().positive().describe("that were run, which the public loops do one more of than configured"),
  optimizer: optimizerSchema,
  firstLayerOptimizer: optimizerSchema.nullable().describe("null: as the rest"),
  fullPassesPerStep: z.number().positive().nullable().describe("full passes per optimizer step of the public code"),
  ...source,
});

const row = z.strictObject({
  run: z.string().describe("label of the suite's run that repeats it"),
  training: z.string().describe("as the paper calls it"),
  recipe: recipe.nullable().describe("null where none is published"),
  clean: z.strictObject(figure).nullable().describe("fraction 0..1"),
  robust: z.array(z.strictObject({ ...figure, attack: z.string().describe("as in attacks") }))
    .describe("fractions 0..1"),
  minutes: z.strictObject(figure).nullable().describe("training time on the paper's machine"),
  reached: z.strictObject({
    ...figure,
    target: z.number().min(0).max(1).describe("robust accuracy"),
    attack: z.string().describe("as in attacks"),
  }).nullable().describe("minutes of training until a robust accuracy was reached"),
});

const claim = z.strictObject({
  text: z.string().min(1).describe("what the paper says, in our words"),
  ...source,
  factors: z.array(z.strictObject({ ...figure, what: z.string() }))
    .describe("what the claimed factor is the product of"),
});

export const paperSchema = z.strictObject({
  title: z.string().describe("Table 1 of the YOPO paper (…)"),
  reference: z.string(),
  hardware: z.string().nullable().describe("what the paper's times were measured on, as far as known"),
  model: z.strictObject({ name: z.string(), parameters: count }),
  data: z.strictObject({ name: z.string(), trainImages: count, testImages: count, augmentation: z.string() }),
  attacks: z.array(attack),
  baseline: z.string().nullable().describe("label of the PGD-K run whose time the others' are divided by"),
  claims: z.array(claim),
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

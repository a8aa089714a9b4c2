/** Recipes by name: suites/presets.json, checked. A run of a suite names one and says only what it does otherwise; train
 *  uses one as it is. Each says which of paper and public code it follows, and where the two differ. @module */

import { z } from "zod";
import { nearest } from "../models/nearest.ts";
import { suiteSchema } from "./suite.ts";
import { UsageError } from "./usage_error.ts";

const suite = suiteSchema.shape, run = suite.runs.element.shape;

const presetSchema = z.strictObject({
  name: run.label,
  title: suite.title,
  source: z.enum(["paper", "public code", "ours"]).describe("what the recipe follows where the others differ"),
  text: run.note.unwrap(),
  data: suite.data,
  augmentation: suite.augmentation,
  model: suite.model,
  threat: suite.threat,
  method: run.method,
  batch: run.batch,
  epochs: run.epochs.describe("what really runs; milestones count from 0"),
  optimizer: run.optimizer,
  firstLayerOptimizer: run.firstLayerOptimizer,
});

const fileSchema = z.strictObject({ schema: z.literal("yopo-bench/presets@1"), presets: z.array(presetSchema) });

export type Preset = z.infer<typeof presetSchema>;

/** All presets in the order of the file. */
export async function listPresets(): Promise<Preset[]> {
  const file = new URL("../suites/presets.json", import.meta.url);
  return fileSchema.parse(JSON.parse(await Deno.readTextFile(file))).presets;
}

/**
 * The preset called `name`.
 *
 * @param origin Where the name came from, for the message: "--preset".
 * @throws {UsageError} When there is none: which one was probably meant.
 */
export async function findPreset(name: string, origin: string): Promise<Preset> {
  const presets = await listPresets();
  const found = presets.find((preset) => preset.name === name);
  if (found !== undefined) return found;
  const similar = nearest(name, presets.map((preset) => preset.name));
  const hint = similar === undefined ? "expected one that list presets names" : `did you mean "${similar}"?`;
  throw new UsageError(`Cannot find preset "${name}" from ${origin}: ${hint}`);
}

type Keyed = Readonly<Record<string, unknown>>;

/**
 * A suite as its file says it, with what runs leave to their presets filled in: method, batch, epochs, optimizers. What a
 * run says itself stays, whole keys at a time; `"firstLayerOptimizer": null` gives the first layer no optimizer of its own.
 * Whatever else is wrong is left to the suite's own check.
 *
 * @throws {UsageError} When a run names a preset that does not exist.
 */
export async function expandPresets(suite: unknown, source: string): Promise<unknown> {
  if (!isKeyed(suite) || !Array.isArray(suite.runs)) return suite;
  const runs = await Promise.all(suite.runs.map(async (run: unknown) => {
    if (!isKeyed(run) || typeof run.preset !== "string") return run;
    const { method, batch, epochs, optimizer, firstLayerOptimizer } = await findPreset(run.preset, source);
    const filled = { method, batch, epochs, optimizer, firstLayerOptimizer, ...run };
    const { firstLayerOptimizer: first, ...others } = filled;
    return first === null || first === undefined ? others : { ...others, firstLayerOptimizer: first };
  }));
  return { ...suite, runs };
}

function isKeyed(value: unknown): value is Keyed {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

/** The record of one evaluation of saved weights: what evaluation.json holds. @module */

import { z } from "zod";
import { finalRowSchema, resultSchema, robustSchema, runSchema, warningSchema } from "./result.ts";

const count = z.int().min(0);
const options = z.record(z.string(), z.union([z.number(), z.boolean(), z.string(), z.array(z.number())]));

const curvePointSchema = z.strictObject({
  epsilon: z.number().min(0),
  attack: z.string().describe("key in attacks, of the attack at the evaluation's own ε"),
  accuracy: z.number().min(0).max(1),
  correct: count,
  count,
});

export const evaluationSchema = z.strictObject({
  schema: z.literal("yopo-bench/evaluation@1"),
  contentSha256: resultSchema.shape.contentSha256,
  created: z.string().describe("end of the evaluation, ISO 8601, UTC"),
  tool: resultSchema.shape.tool,
  machine: resultSchema.shape.machines.element,
  model: z.strictObject({ name: z.string(), options }),
  weightsSha256: finalRowSchema.shape.weightsSha256,
  data: z.strictObject({ name: z.string(), options }),
  split: z.string(),
  count,
  seed: count,
  threat: resultSchema.shape.suite.shape.threat,
  engine: runSchema.shape.engine,
  attacks: resultSchema.shape.attacks,
  clean: finalRowSchema.shape.clean,
  robust: z.array(robustSchema),
  curve: z.array(curvePointSchema).describe("an image that is fooled at a smaller ε stays fooled"),
  warnings: z.array(warningSchema),
});

export type CurvePoint = z.infer<typeof curvePointSchema>;
export type EvaluationRecord = z.infer<typeof evaluationSchema>;

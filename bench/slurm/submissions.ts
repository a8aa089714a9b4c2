/** What was submitted from a results folder: OUT/slurm/submissions.json. @module */

import { join } from "node:path";
import { z } from "zod";
import { atomicWrite } from "../../files/atomic_write.ts";
import { explainWrite } from "../../files/explain_write.ts";

const schema = z.strictObject({
  schema: z.literal("yopo-bench/submissions@1"),
  submissions: z.array(z.strictObject({
    job: z.string().regex(/^\d+$/),
    submitted: z.string(),
    script: z.string(),
    runs: z.array(z.string()),
  })),
});

/** A job array: its tasks' runs by index. */
export type Submission = z.infer<typeof schema>["submissions"][number];

/** The folder's submissions, oldest first. @throws {Error} When their file is damaged. */
export async function readSubmissions(out: string): Promise<Submission[]> {
  const path = join(out, "slurm", "submissions.json");
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
  try {
    return schema.parse(JSON.parse(text)).submissions;
  } catch (error) {
    const reason = error instanceof z.ZodError ? error.issues[0]?.message : (error as Error).message;
    throw new Error(`Cannot read ${path}: ${reason}; move it away to submit anew`, { cause: error });
  }
}

/** Replaces the file as a whole. */
export async function writeSubmissions(out: string, submissions: readonly Submission[]): Promise<void> {
  const path = join(out, "slurm", "submissions.json");
  const text = JSON.stringify({ schema: "yopo-bench/submissions@1", submissions }, null, 2);
  await explainWrite(path, () => atomicWrite(path, `${text}\n`));
}

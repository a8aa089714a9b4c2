/** What a suite's tasks ask of Slurm. Every value ends up in a line of a script, so it is checked by form: nothing in it
 *  can end the line, a quote or a word. @module */

import { z } from "zod";

/** Options that the script sets for its own working. */
const OWN_OPTIONS = [
  ...["array", "a", "output", "o", "error", "e", "input", "i", "signal", "requeue", "no-requeue", "open-mode", "wrap"],
  ...["parsable", "wait", "W", "test-only", "chdir", "D", "job-name", "J", "clusters", "M", "kill-on-invalid-dep"],
];

const word = z.string().regex(
  /^[A-Za-z0-9_][\w.,:+=@%/-]{0,199}$/,
  "must be one word of letters, digits and .,:+=@%/_-",
);

const slurmOption = z.string().regex(
  /^--?[A-Za-z][A-Za-z-]*(=[\w .,:+=@%/&|*()[\]-]{1,200})?$/,
  "must be an option of sbatch without quotes, for example --account=name",
).refine(
  (option) => !OWN_OPTIONS.includes(/^--?([^=]*)/.exec(option)![1]!),
  "is an option that the script needs for itself",
);

export const slurmSchema = z.strictObject({
  partition: word.optional(),
  time: z.string().regex(
    /^((\d+-)?\d+(:\d+){0,2}|UNLIMITED)$/,
    "must be a time of Slurm's, for example 2:00:00 or 1-12",
  )
    .optional().describe("limit of one task; a run that needs longer is queued again and goes on"),
  cpus: z.int().min(1).max(4096).optional().describe("cores of one task; Slurm gives 1 where nobody asks"),
  memory: word.optional().describe("such as 8G"),
  gpus: word.optional().describe("such as 1, or a100:1"),
  limit: z.int().min(1).max(100_000).optional().describe("tasks at work at once"),
  signalSeconds: z.int().min(10).max(3600).default(120).describe("how long before the limit a task leaves"),
  options: z.array(slurmOption).max(50).default([]).describe("further options of sbatch"),
});

/** Resources of one task. */
export type SlurmResources = z.infer<typeof slurmSchema>;

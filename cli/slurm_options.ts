/** --executor and the --slurm-* options. @module */

import { z } from "zod";
import { type SlurmResources, slurmSchema } from "../bench/slurm/resources.ts";
import { UsageError } from "../bench/usage_error.ts";
import { integer, oneOf, text } from "./kinds.ts";
import { optionalValue, value, values } from "./options.ts";

export const slurmOptions = {
  executor: value(
    "--executor",
    oneOf("local", "slurm"),
    "Where runs are done: here, or as a job array of Slurm",
    "local",
  ),
  slurmPartition: optionalValue("--slurm-partition", text("NAME"), "Partition of the cluster"),
  slurmTime: optionalValue(
    "--slurm-time",
    text("TIME"),
    "Limit of one task, such as 2:00:00; longer runs are queued again",
  ),
  slurmCpus: optionalValue("--slurm-cpus", integer({ min: 1, max: 4096 }), "Cores of one task (default: 1)"),
  slurmMemory: optionalValue("--slurm-memory", text("SIZE"), "Memory of one task, such as 8G"),
  slurmGpus: optionalValue("--slurm-gpus", text("GPUS"), "GPUs of one task, such as 1 or a100:1"),
  slurmLimit: optionalValue("--slurm-limit", integer({ min: 1, max: 100_000 }), "Tasks at work at once"),
  slurmSignal: optionalValue(
    "--slurm-signal",
    integer({ min: 10, max: 3600 }),
    "Seconds before the limit at which a task leaves with a checkpoint (default: 120)",
  ),
  slurmOption: values("--slurm-option", text("OPTION"), "A further option of sbatch, such as --account=name"),
};

/** The options as they were read. */
export interface SlurmOptionValues {
  readonly executor: "local" | "slurm";
  readonly slurmPartition: string | undefined;
  readonly slurmTime: string | undefined;
  readonly slurmCpus: number | undefined;
  readonly slurmMemory: string | undefined;
  readonly slurmGpus: string | undefined;
  readonly slurmLimit: number | undefined;
  readonly slurmSignal: number | undefined;
  readonly slurmOption: readonly string[];
}

/** Which option sets which key of a suite's section `slurm`. */
const KEYS = {
  slurmPartition: "partition",
  slurmTime: "time",
  slurmCpus: "cpus",
  slurmMemory: "memory",
  slurmGpus: "gpus",
  slurmLimit: "limit",
  slurmSignal: "signalSeconds",
} as const;

/** The options that were given, by their keys. */
function given(options: SlurmOptionValues): Record<string, unknown> {
  const pairs = Object.entries(KEYS).map(([name, key]) => [key, options[name as keyof typeof KEYS]]);
  const { slurmOption } = options;
  return Object.fromEntries([
    ...pairs.filter(([, found]) => found !== undefined),
    ...slurmOption.length > 0 ? [["options", slurmOption]] : [],
  ]);
}

/** @throws {UsageError} When options of Slurm are given for runs that are done here, or cannot be used. */
export function checkSlurmOptions(options: SlurmOptionValues): void {
  if (options.executor === "local" && Object.keys(given(options)).length > 0) {
    throw new UsageError("Cannot use --slurm options without --executor slurm");
  }
  readResources(options, undefined);
}

/** What each task asks for: the options, and where they say nothing the suite. @throws {UsageError} */
export function readResources(options: SlurmOptionValues, suite: SlurmResources | undefined): SlurmResources {
  const read = slurmSchema.safeParse({ ...suite, ...given(options) });
  if (read.success) return read.data;
  const [{ path: [key, index], message }] = read.error.issues as [z.core.$ZodIssue];
  const option = key === "options" ? "slurmOption" : Object.entries(KEYS).find(([, name]) => name === key)?.[0] ?? "";
  const name = option.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const found = key === "options" ? options.slurmOption[Number(index)] : options[option as keyof typeof KEYS];
  throw new UsageError(`Cannot read ${JSON.stringify(found)} from --${name}: it ${message}`);
}

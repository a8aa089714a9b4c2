/** Submits what is left of a suite to Slurm as one job array. @module */

import { join } from "node:path";
import { findEngine } from "../../backends/registry.ts";
import { atomicWrite } from "../../files/atomic_write.ts";
import { explainWrite } from "../../files/explain_write.ts";
import { checkDataIsHere } from "../data_is_here.ts";
import { type EnginePlan, planEngine } from "../engine_request.ts";
import { lockFolder } from "../folder_lock.ts";
import { followFolder } from "../follow_folder.ts";
import type { SuiteOptions } from "../local_executor.ts";
import { prepareOutput } from "../output_folder.ts";
import { runName } from "../run_config.ts";
import { runsLeft } from "../runs_left.ts";
import type { Suite } from "../suite.ts";
import { toolRecord } from "../tool.ts";
import { batchScript } from "./batch_script.ts";
import { runsInQueue } from "./cluster_tasks.ts";
import type { SlurmResources } from "./resources.ts";
import { submit } from "./slurm_commands.ts";
import { readSubmissions, type Submission, writeSubmissions } from "./submissions.ts";

/** How a suite is submitted. */
export interface SubmitOptions extends SuiteOptions {
  readonly checkpointSeconds: number;
  readonly resources: SlurmResources;
  /** Absolute paths on every node. */
  readonly deno: string;
  readonly project: string;
}

/** What was done. */
export interface SubmitOutcome {
  /** null where nothing was left to submit. */
  readonly submission: Submission | null;
  /** Runs that are done, and runs that an earlier job still works on. */
  readonly done: number;
  readonly queued: number;
  readonly plan: EnginePlan;
  readonly movedTo: string | null;
}

/**
 * Prepares the folder and submits the runs that are neither done nor in the queue.
 *
 * @throws {UsageError} When suite or folder cannot be used. @throws {Error} When Slurm refuses or does not answer.
 */
export async function submitSuite(suite: Suite, options: SubmitOptions): Promise<SubmitOutcome> {
  const { out, force, cache } = options, plan = await planEngine(await followFolder(options));
  await checkDataIsHere(suite.data.name, cache);
  const { engine, precision, shards } = plan, tool = await toolRecord();
  const command = /(^| )--engine /.test(options.command) ? options.command : `${options.command} --engine ${engine}`;
  const { movedTo } = await prepareOutput(out, { command, engine, precision, shards, tool, suite }, force);
  using _lock = await lockFolder(out);
  const submissions = await readSubmissions(out), busy = await runsInQueue(submissions);
  const left = (await runsLeft(suite, out, false)).map(runName), runs = left.filter((name) => !busy.has(name));
  const counts = { done: suite.runs.length * suite.seeds.length - left.length, queued: left.length - runs.length };
  if (runs.length === 0) return { submission: null, ...counts, plan, movedTo };
  const script = await writeScript(suite, options, plan, runs, submissions.length + 1);
  const submission = { job: await submit(script), submitted: new Date().toISOString(), script, runs };
  await writeSubmissions(out, [...submissions, submission]);
  return { submission, ...counts, plan, movedTo };
}

async function writeScript(
  { name }: Suite,
  { out, resources, deno, project, cache, engine, checkpointSeconds }: SubmitOptions,
  plan: EnginePlan,
  runs: readonly string[],
  number: number,
): Promise<string> {
  const script = join(out, "slurm", `job-${number}.sh`), workers = workersOf(plan, resources, engine.workers ?? null);
  const text = batchScript({
    suite: name,
    out,
    script,
    runs,
    resources,
    deno,
    project,
    cache,
    workers,
    checkpointSeconds,
  });
  await explainWrite(script, async () => {
    await Deno.mkdir(join(out, "slurm"), { recursive: true });
    await atomicWrite(script, text);
  });
  return script;
}

/** Nodes may show a task more cores than it was given, so their number is said where the engine takes one. */
function workersOf({ engine, shards }: EnginePlan, { cpus = 1 }: SlurmResources, asked: number | null): number | null {
  if (findEngine(engine).shards === 1) return null;
  return asked ?? Math.min(shards, 2 ** Math.floor(Math.log2(cpus)));
}

/** Slurm's own programs: sbatch, squeue, sacct and scancel, started with lists of words and never through a shell.
 *  @module */

/** What may be run, for the permissions. */
export const submitPrograms = ["sbatch", "squeue"] as const;
export const watchPrograms = ["squeue", "sacct"] as const;
export const cancelPrograms = ["squeue", "scancel"] as const;

const PATIENCE_SECONDS = 60;
/** Pauses between tries while a controller restarts. */
const PAUSES_SECONDS = [1, 2, 4, 8];

/** A task of a job array. */
export interface ClusterTask {
  readonly job: string;
  readonly index: number;
  /** Slurm's word, such as PENDING or RUNNING. */
  readonly state: string;
  /** Where it is or was at work; empty before. */
  readonly node: string;
}

/** Slurm's states of a task that comes to nothing any more. */
const ENDED = [
  ...[
    "BOOT_FAIL",
    "CANCELLED",
    "COMPLETED",
    "DEADLINE",
    "FAILED",
    "NODE_FAIL",
    "OUT_OF_MEMORY",
    "PREEMPTED",
    "REVOKED",
  ],
  "TIMEOUT",
];

/** Whether Slurm will still work on the task, now or later. */
export function isInQueue({ state }: ClusterTask): boolean {
  return !ENDED.includes(state.replace(/[ +].*$/, ""));
}

/** Submits a script and returns the job's number. @throws {Error} One line, with what sbatch said. */
export async function submit(script: string): Promise<string> {
  const out = await call("sbatch", ["--parsable", script]), [job] = out.trim().split(";");
  if (job !== undefined && /^\d+$/.test(job)) return job;
  throw new Error(`Cannot read the answer of sbatch: ${JSON.stringify(out.slice(0, 200))}`);
}

/**
 * This user's tasks that Slurm still knows, also ended ones for a while.
 *
 * @throws {Error} When Slurm does not answer: that is never taken for an empty queue.
 */
export async function queuedTasks(): Promise<ClusterTask[]> {
  const out = await patiently(() => call("squeue", ["--me", "-r", "-h", "-t", "all", "-o", "%F|%K|%T|%N"]));
  return readTasks(out);
}

/** The same of jobs that have left the queue, where the cluster keeps accounts; empty where it does not. */
export async function accountedTasks(jobs: readonly string[]): Promise<ClusterTask[]> {
  if (jobs.length === 0) return [];
  try {
    const out = await call("sacct", ["-n", "-P", "-X", "-j", jobs.join(","), "--format=JobID,State,NodeList"]);
    return readTasks(out.replaceAll(/^(\d+)_(\d+)\|/gm, "$1|$2|"));
  } catch {
    return []; // clusters without accounts are common; the queue and the run's own files tell enough
  }
}

/** Ends jobs: pending tasks never start, running ones get SIGTERM. */
export async function cancelJobs(jobs: readonly string[]): Promise<void> {
  if (jobs.length > 0) await patiently(() => call("scancel", jobs));
}

/** Lines "JOB|INDEX|STATE|NODE"; others, such as those of jobs that are no array, are none of ours. */
function readTasks(text: string): ClusterTask[] {
  return text.split("\n").flatMap((line) => {
    const [, job, index, state, node] = /^(\d+)\|(\d+)\|([A-Z_]+)[^|]*\|(.*)$/.exec(line) ?? [];
    return job === undefined ? [] : [{ job, index: Number(index), state: state!, node: node! }];
  });
}

/** Tries again while a controller restarts. */
async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (const pause of PAUSES_SECONDS) {
    try {
      return await work();
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) throw error;
      await new Promise((resolve) => setTimeout(resolve, pause * 1000));
    }
  }
  return await work();
}

/** @throws {Deno.errors.NotFound} Where there is no such program. @throws {Error} When it fails, with its own words. */
async function call(program: string, args: readonly string[]): Promise<string> {
  const signal = AbortSignal.timeout(PATIENCE_SECONDS * 1000);
  try {
    const { success, code, stdout, stderr } = await new Deno.Command(program, {
      args: [...args],
      stdin: "null",
      signal,
    }).output();
    if (success) return new TextDecoder().decode(stdout);
    const said = new TextDecoder().decode(stderr).trim().split("\n").at(-1) ?? "";
    const ended = signal.aborted ? `no answer in ${PATIENCE_SECONDS} seconds` : said || `exit code ${code}`;
    throw new Error(`Slurm's ${program} failed: ${ended}`);
  } catch (error) {
    // A program that is not in PATH when this process starts cannot be permitted either.
    if (!(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable)) throw error;
    throw new Deno.errors.NotFound(`Cannot find ${program}: use a machine that can submit to Slurm`);
  }
}

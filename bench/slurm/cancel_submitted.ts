/** Ends a results folder's jobs. @module */

import { cancelJobs, isInQueue, queuedTasks } from "./slurm_commands.ts";
import { readSubmissions } from "./submissions.ts";

/** The jobs that were in the queue and were cancelled, or why Slurm could not be asked. */
export async function cancelSubmitted(
  out: string,
): Promise<{ readonly jobs: string[]; readonly problem: string | null }> {
  const submitted = new Set((await readSubmissions(out)).map(({ job }) => job));
  if (submitted.size === 0) return { jobs: [], problem: null };
  try {
    const queued = (await queuedTasks()).filter((task) => submitted.has(task.job) && isInQueue(task));
    const jobs = [...new Set(queued.map(({ job }) => job))];
    await cancelJobs(jobs);
    return { jobs, problem: null };
  } catch (error) {
    return { jobs: [], problem: (error as Error).message };
  }
}

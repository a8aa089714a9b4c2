/** What Slurm knows of a results folder's runs. @module */

import { accountedTasks, type ClusterTask, isInQueue, queuedTasks } from "./slurm_commands.ts";
import { readSubmissions, type Submission } from "./submissions.ts";

/** The folder's tasks by the runs' names. */
export interface ClusterView {
  readonly submissions: readonly Submission[];
  /** Each run's newest task that Slurm knows. */
  readonly tasks: ReadonlyMap<string, ClusterTask>;
  /** Why Slurm could not be asked; null where it answered. */
  readonly problem: string | null;
}

/** Asks Slurm where anything was submitted from the folder; one that does not answer is told, not thrown. */
export async function clusterView(out: string): Promise<ClusterView> {
  const submissions = await readSubmissions(out);
  if (submissions.length === 0) return { submissions, tasks: new Map(), problem: null };
  try {
    return { submissions, tasks: byRun(submissions, await knownTasks(submissions)), problem: null };
  } catch (error) {
    return { submissions, tasks: new Map(), problem: (error as Error).message };
  }
}

/** Names of the runs that Slurm will still work on. @throws {Error} When Slurm does not answer. */
export async function runsInQueue(submissions: readonly Submission[]): Promise<Set<string>> {
  if (submissions.length === 0) return new Set();
  const tasks = byRun(submissions, await queuedTasks());
  return new Set([...tasks].filter(([, task]) => isInQueue(task)).map(([run]) => run));
}

async function knownTasks(submissions: readonly Submission[]): Promise<ClusterTask[]> {
  const queued = await queuedTasks(), seen = new Set(queued.map(({ job }) => job));
  const gone = submissions.map(({ job }) => job).filter((job) => !seen.has(job));
  return [...await accountedTasks(gone), ...queued];
}

/** A task that is still in the queue counts before one that ended, a newer before an older. */
function byRun(submissions: readonly Submission[], tasks: readonly ClusterTask[]): Map<string, ClusterTask> {
  const found = new Map<string, ClusterTask>();
  for (const { job, runs } of submissions) {
    for (const task of tasks.filter((one) => one.job === job)) {
      const run = runs[task.index], known = run === undefined ? undefined : found.get(run);
      if (run !== undefined && (known === undefined || !isInQueue(known) || isInQueue(task))) found.set(run, task);
    }
  }
  return found;
}

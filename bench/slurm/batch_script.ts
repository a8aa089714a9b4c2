/** The batch script of a suite's job array: one run a task. It can be read, edited and submitted by hand. @module */

import type { SlurmResources } from "./resources.ts";

/** What a script is about. */
export interface BatchJob {
  readonly suite: string;
  /** Absolute path of the results folder. */
  readonly out: string;
  /** The script's own path. */
  readonly script: string;
  /** Names of the runs' folders up to their engine, by the array's index. */
  readonly runs: readonly string[];
  readonly resources: SlurmResources;
  /** Absolute path of Deno. */
  readonly deno: string;
  /** Absolute path of this program. */
  readonly project: string;
  /** Absolute path of the folder of downloaded data. */
  readonly cache: string;
  /** Workers of each run; null leaves it to the engine. */
  readonly workers: number | null;
  /** Seconds from one checkpoint to the next. */
  readonly checkpointSeconds: number;
}

/**
 * The script's text.
 *
 * Ahead of the time limit Slurm signals the script alone (B:USR1); it asks the program to leave, waits for the checkpoint
 * and has Slurm queue the task again. scancel's SIGTERM is passed on and ends the task.
 *
 * @throws {RangeError} When Slurm could not read the folder's name.
 */
export function batchScript(job: BatchJob): string {
  const { suite, out, script, runs, deno, project, cache, workers, checkpointSeconds } = job;
  const words = [
    ...['bench --resume "$out" --run "$run"', `--checkpoint-every ${checkpointSeconds}`],
    ...workers === null ? [] : [`--workers ${workers}`],
  ];
  return `#!/bin/bash
# ${runs.length} ${
    runs.length === 1 ? "run" : "runs"
  } of suite ${suite}, one a task of a job array. To submit it by hand, edited or not:
#   sbatch ${quoted(script)}
# A task whose run is done ends at once. Ahead of its time limit a task keeps a checkpoint and asks to be queued again.
${directives(job).map((line) => `#SBATCH ${line}`).join("\n")}

out=${quoted(out)}
runs=(
${runs.map((run, i) => `  ${quoted(run)} # ${i}`).join("\n")}
)
run=\${runs[$SLURM_ARRAY_TASK_ID]:?there is no such run}

cd ${quoted(project)} || exit 1
export YOPO_BENCH_CACHE=${quoted(cache)}
${quoted(deno)} task --quiet yopo-bench ${words.join(" ")} &
program=$!
requeue=no
trap 'requeue=yes; kill -TERM "$program" 2>/dev/null' USR1
trap 'kill -TERM "$program" 2>/dev/null' TERM

# A signal ends a wait early; the program may still be writing its checkpoint.
wait "$program"
while kill -0 "$program" 2>/dev/null; do wait "$program"; done
wait "$program"
status=$?

if [ "$requeue" = yes ] && [ "$status" -eq 130 ]; then
  echo "out of time; asking for more"
  scontrol requeue "\${SLURM_ARRAY_JOB_ID}_\${SLURM_ARRAY_TASK_ID}" && sleep 60 # Slurm ends this task meanwhile
  echo "not queued again; the same bench command submits what is missing"
fi
exit "$status"
`;
}

function directives({ suite, out, runs, resources }: BatchJob): string[] {
  const { partition, time, cpus, memory, gpus, limit, signalSeconds, options } = resources;
  const asked: readonly (readonly [string, string | number | undefined])[] = [
    ["partition", partition],
    ["time", time],
    ["cpus-per-task", cpus],
    ["mem", memory],
    ["gpus", gpus],
  ];
  return [
    `--job-name=yopo-bench-${suite}`,
    `--array=0-${runs.length - 1}${limit === undefined ? "" : `%${limit}`}`,
    `--output="${logPath(out)}"`,
    ...["--open-mode=append", "--requeue", `--signal=B:USR1@${signalSeconds}`],
    ...asked.flatMap(([name, value]) => value === undefined ? [] : [`--${name}=${value}`]),
    ...options.map((option) =>
      option.replace(/=(.*)$/, (_, value: string) => /[^\w.,:+=@%/-]/.test(value) ? `="${value}"` : `=${value}`)
    ),
  ];
}

/** @throws {RangeError} When the path holds what Slurm gives a meaning to. */
function logPath(out: string): string {
  const found = /["\\%\p{Cc}]/u.exec(out);
  if (found === null) return `${out}/slurm/%A_%a.log`;
  throw new RangeError(
    `Cannot submit ${JSON.stringify(out)}: Slurm gives ${
      JSON.stringify(found[0])
    } in a path a meaning of its own; choose another --out`,
  );
}

/** A word as bash reads it back. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

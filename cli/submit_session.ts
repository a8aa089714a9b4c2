/** Submits a suite to Slurm and says how to go on. @module */

import { join } from "node:path";
import type { SlurmResources } from "../bench/slurm/resources.ts";
import { plainText } from "../report/plain_text.ts";
import type { Io } from "./io.ts";
import { shellWords } from "./shell_words.ts";
import { shortPath } from "./short_path.ts";
import type { Session } from "./suite_session.ts";

/** Returns the exit code. @throws {UsageError|Error} What {@linkcode submitSuite} throws. */
export async function submitSession(session: Session, resources: SlurmResources, io: Io): Promise<number> {
  const { submitSuite } = await import("../bench/slurm/submit_suite.ts");
  const { suite, out, json, quiet, ...options } = session;
  const { submission, done, queued, plan, movedTo } = await submitSuite(suite, {
    ...{ ...options, out, resources, cache: io.place.cache },
    ...{ deno: Deno.execPath(), project: io.place.project },
  });
  if (json) {
    io.out.write(
      `${JSON.stringify({ out, job: submission?.job ?? null, runs: submission?.runs ?? [], done, queued })}\n`,
    );
    return 0;
  }
  if (quiet) {
    if (submission) io.out.write(`${submission.job}\n`);
    return 0;
  }
  const folder = shellWords([shortPath(out, io)]), lines: string[] = [];
  if (movedTo) lines.push(`Moved the earlier results to ${movedTo}`);
  if (submission === null) lines.push(`Nothing to submit: ${done} runs are done, ${queued} are in the queue`);
  else {
    const { job, runs, script } = submission,
      rest = done + queued === 0 ? "" : `, ${done} done, ${queued} in the queue`;
    lines.push(`Submitted job ${job}: ${runs.length} ${runs.length === 1 ? "run" : "runs"} of ${suite.name}${rest}`);
    lines.push(`Engine: ${plan.engine} (${plan.reason})`, `Script: ${shortPath(script, io)}`);
    lines.push(`Logs: ${shortPath(join(out, "slurm"), io)}`);
  }
  lines.push(`How far: deno task yopo-bench status ${folder}`, `Report: deno task yopo-bench collect ${folder}`);
  if (submission !== null || queued > 0) lines.push(`Stop: deno task yopo-bench cancel ${folder}`);
  io.out.write(lines.map((line) => `${plainText(line)}\n`).join(""));
  return 0;
}

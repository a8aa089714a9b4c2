/** What bench and train share: run a suite, show how it goes, write the report, say where it is. @module */

import { join } from "node:path";
import type { EngineRequest } from "../bench/engine_request.ts";
import type { SuiteOutcome } from "../bench/local_executor.ts";
import type { Observe } from "../bench/progress.ts";
import type { Suite } from "../bench/suite.ts";
import { hashedText } from "../files/content_hash.ts";
import { plainText } from "../report/plain_text.ts";
import { complain } from "./complain.ts";
import type { Io } from "./io.ts";
import { liveDisplay, quietDisplay } from "./live_display.ts";
import { shortPath } from "./short_path.ts";
import { shellWords } from "./shell_words.ts";
import { printSummary } from "./print_summary.ts";

/** How a suite is run and shown. */
export interface Session {
  readonly suite: Suite;
  /** Absolute. */
  readonly out: string;
  readonly engine: EngineRequest;
  readonly force: boolean;
  /** The command line that runs the suite again. */
  readonly command: string;
  readonly json: boolean;
  readonly quiet: boolean;
  /** Seconds from one checkpoint to the next. */
  readonly checkpointSeconds: number;
}

/** Runs the suite and returns the exit code. @throws {UsageError} When suite or folder cannot be used. */
export async function runSession(session: Session, io: Io): Promise<number> {
  const { runSuite } = await import("../bench/local_executor.ts");
  const { writeReport } = await import("../report/write_report.ts");
  const { suite, engine, force, command, checkpointSeconds } = session;
  const out = shortPath(session.out, io);
  const display = session.quiet ? quietDisplay : liveDisplay(io);
  const signal = io.interruptible();
  signal.addEventListener("abort", () => display.say("Stopping; Ctrl-C once more stops at once"));
  let outcome: SuiteOutcome;
  try {
    const options = { out: session.out, engine, force, command, cache: io.place.cache, checkpointSeconds };
    const observe: Observe = (event) => display.observe(event.kind === "suite" ? { ...event, out } : event);
    outcome = await runSuite(suite, options, observe, signal);
  } finally {
    display.clear();
  }
  await writeReport(outcome.result, session.out);
  if (session.json) io.out.write(hashedText(outcome.result));
  else printOutcome(outcome, session, io);
  return endCode(outcome, out, io);
}

function printOutcome({ result }: SuiteOutcome, session: Session, io: Io): void {
  const file = (name: string): string => plainText(shortPath(join(session.out, name), io));
  if (session.quiet) return io.out.write(`${file("report.md")}\n`);
  if (result.runs.some(({ final }) => final.last !== null)) printSummary(result, io.out);
  io.out.write(`Report  ${file("report.md")}\nPicture ${file("curves.png")}\n`);
}

function endCode({ status, result }: SuiteOutcome, out: string, io: Io): number {
  if (status === "complete") return 0;
  const again = `deno task bench --resume ${shellWords([out])}`;
  if (status === "interrupted") {
    complain(
      io.err,
      `Stopped; go on with "${again}": finished runs are kept, unfinished ones go on where they stopped`,
    );
    return 130;
  }
  const bad = result.runs.filter((run) => run.status !== "completed");
  const reasons = bad.map((run) =>
    `${run.label} seed ${run.seed} ${run.status}${run.message ? ` (${run.message})` : ""}`
  );
  complain(io.err, `Cannot complete ${bad.length} of ${result.runs.length} runs: ${reasons.join("; ")}`);
  return 1;
}

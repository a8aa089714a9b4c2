/** What bench and train share: run a suite, show how it goes, write the report, say where it is. @module */

import { join, relative } from "node:path";
import type { EngineChoice } from "../bench/choose_engine.ts";
import type { SuiteOutcome } from "../bench/local_executor.ts";
import type { Suite } from "../bench/suite.ts";
import type { Io } from "./io.ts";
import { liveDisplay, quietDisplay } from "./live_display.ts";
import { shellWords } from "./shell_words.ts";
import { printSummary } from "./print_summary.ts";

/** How a suite is run and shown. */
export interface Session {
  readonly suite: Suite;
  /** Absolute. */
  readonly out: string;
  readonly engine: EngineChoice;
  readonly force: boolean;
  /** The command line that runs the suite again. */
  readonly command: string;
  readonly json: boolean;
  readonly quiet: boolean;
}

/** Runs the suite and returns the exit code. @throws {UsageError} When suite or folder cannot be used. */
export async function runSession(session: Session, io: Io): Promise<number> {
  const { runSuite } = await import("../bench/local_executor.ts");
  const { writeReport } = await import("../report/write_report.ts");
  const { suite, engine, force, command } = session;
  const out = shortPath(session.out, io);
  const display = session.quiet ? quietDisplay : liveDisplay(io);
  const signal = io.interruptible();
  signal.addEventListener("abort", () => display.say("Stopping; Ctrl-C once more stops at once"));
  let outcome: SuiteOutcome;
  try {
    outcome = await runSuite(suite, { out, engine, force, command, cache: io.place.cache }, display.observe, signal);
  } finally {
    display.clear();
  }
  const files = await writeReport(outcome.result, session.out);
  if (session.json) io.out.write(`${JSON.stringify(outcome.result, null, 2)}\n`);
  else printOutcome(outcome, files, session, io);
  return endCode(outcome, out, io);
}

function printOutcome({ result, out }: SuiteOutcome, files: readonly string[], session: Session, io: Io): void {
  if (session.quiet) return io.out.write(`${join(out, "report.md")}\n`);
  printSummary(result, io.out);
  const named = [["Report", "report.md"], ["Picture", "curves.png"]] as const;
  for (const [title, name] of named) {
    const path = files.find((file) => file.endsWith(name));
    if (path !== undefined) io.out.write(`${title.padEnd(8)}${shortPath(path, io)}\n`);
  }
}

function endCode({ status, result }: SuiteOutcome, out: string, io: Io): number {
  if (status === "complete") return 0;
  const again = `yopo-bench bench --resume ${shellWords([out])}`;
  if (status === "interrupted") {
    io.err.write(
      `yopo-bench: Stopped; go on with "${again}": finished runs are kept, unfinished ones start again from their beginning\n`,
    );
    return 130;
  }
  const bad = result.runs.filter((run) => run.status !== "completed");
  const reasons = bad.map((run) => `${run.label} seed ${run.seed} ${run.status}${run.message ? ` (${run.message})` : ""}`);
  io.err.write(`yopo-bench: Cannot complete ${bad.length} of ${result.runs.length} runs: ${reasons.join("; ")}\n`);
  return 1;
}

/** The path from where the user is, where that is shorter. */
export function shortPath(path: string, { place }: Pick<Io, "place">): string {
  const short = relative(place.workingFolder, path) || ".";
  return short.startsWith("..") ? path : short;
}

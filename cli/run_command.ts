/** Runs one command line and turns its end into an exit code: 0 done, 1 the work failed, 2 bad usage or configuration,
 *  130 interrupted. The only place that prints errors. @module */

import { UsageError } from "../bench/usage_error.ts";
import { DEBUG, readCommandLine } from "./command_line.ts";
import type { Io, Output } from "./io.ts";

/** Runs the words after the program's name. Never throws. */
export async function runCommand(args: readonly string[], io: Io): Promise<number> {
  try {
    const request = readCommandLine(args, io.out.columns());
    if (request.kind === "run") return await request.invocation.run(io);
    io.out.write(request.text);
    return 0;
  } catch (error) {
    return reportError(error, args, io.err);
  }
}

/** Prints an error as one line, with its stack trace where --debug asks for it, and returns the exit code. */
export function reportError(error: unknown, args: readonly string[], err: Output): number {
  // The reader of our output has gone, as in `yopo-bench list | head -1`: nobody is left to tell.
  if (error instanceof Deno.errors.BrokenPipe) return 1;
  const text = error instanceof Error ? error.message : String(error);
  // What the system says names a call and not what we were about to do.
  const line = /^(Cannot|Stopped) /.test(text) ? text : `Cannot go on: ${text}`;
  const debug = args.includes(DEBUG) && error instanceof Error;
  err.write(debug ? `${error.stack}${causes(error)}\n` : `yopo-bench: ${oneLine(line)}\n`);
  return error instanceof UsageError ? 2 : 1;
}

function oneLine(text: string): string {
  return text.trim().replace(/\s*[\r\n]+\s*/g, "; ");
}

function causes(error: Error): string {
  return error.cause instanceof Error ? `\ncaused by ${error.cause.stack}${causes(error.cause)}` : "";
}

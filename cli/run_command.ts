/** Runs one command line and turns its end into an exit code: 0 done, 1 the work failed, 2 bad usage or configuration,
 *  130 interrupted. @module */

import { UsageError } from "../bench/usage_error.ts";
import { DEBUG, readCommandLine } from "./command_line.ts";
import { complain, errorText, printTrace } from "./complain.ts";
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

/** Prints an error as one line, or its stack trace where --debug asks for it, and returns the exit code. */
export function reportError(error: unknown, args: readonly string[], err: Output): number {
  // The reader of our output has gone, as in `yopo-bench list | head -1`: nobody is left to tell.
  if (error instanceof Deno.errors.BrokenPipe) return 1;
  if (args.includes(DEBUG) && error instanceof Error) printTrace(err, error);
  else complain(err, errorText(error));
  return error instanceof UsageError ? 2 : 1;
}

/** Surroundings of a command that keep what it prints. @module */

import type { Io, Output } from "../../cli/io.ts";
import { projectFolder } from "../../cli/place.ts";
import { runCommand } from "../../cli/run_command.ts";

/** What a command line did. */
export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Where a command runs. */
export interface Surroundings {
  /** Absolute; what relative paths start from. */
  readonly workingFolder: string;
  readonly cache: string;
  readonly isTerminal?: boolean;
  readonly columns?: number;
}

/** Runs a command line in this process. */
export async function runHere(args: readonly string[], surroundings: Surroundings): Promise<Ended> {
  const { workingFolder, cache, isTerminal = false, columns = 100 } = surroundings;
  const written = { out: "", err: "" };
  const output = (stream: "out" | "err"): Output => ({
    write: (text) => void (written[stream] += text),
    isTerminal,
    colors: false,
    columns: () => columns,
  });
  const io: Io = {
    out: output("out"),
    err: output("err"),
    input: { isTerminal: false, readLine: () => Promise.resolve(null) },
    place: { project: projectFolder, workingFolder, cache },
    now: () => 0,
    interruptible: () => new AbortController().signal,
  };
  const code = await runCommand(args, io);
  return { code, ...written };
}

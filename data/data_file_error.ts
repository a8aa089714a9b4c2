/** What can be wrong with a file of a data set, and one plain line for each: Deno's own messages name system calls, not
 *  what to do. @module */

import { dirname } from "node:path";

/** Kinds of problem; "disk" stands for everything that the system reports and no other kind covers. */
export type FileProblem =
  | "missing"
  | "not a file"
  | "not permitted"
  | "wrong size"
  | "wrong hash"
  | "wrong content"
  | "disk";

/** A problem with one file; `problem` is what callers decide on, `message` is for people. */
export class DataFileError extends Error {
  override readonly name = "DataFileError";
  constructor(readonly problem: FileProblem, message: string, options?: ErrorOptions) {
    super(message, options);
  }
}

/** What was tried, for the message. */
export interface FileAccess {
  /** What was to be done. */
  readonly action: "read" | "write";
  /** The file or folder. */
  readonly path: string;
  /** What to do when the file is missing. */
  readonly advice?: string;
  /** The folder to give access to. @default the folder that `path` lies in */
  readonly folder?: string;
}

const byCode: Readonly<Record<string, readonly [FileProblem, string]>> = {
  EACCES: ["not permitted", "the file system does not permit it; change the file's or folder's permissions"],
  EPERM: ["not permitted", "the file system does not permit it; change the file's or folder's permissions"],
  EROFS: ["not permitted", "the file system is read-only; choose another folder"],
  EISDIR: ["not a file", "it is a folder, not a file; move it away"],
  ENOTDIR: ["not a file", "a part of its path is a file, not a folder; choose another folder"],
  EEXIST: ["not a file", "a part of its path is a file, not a folder; choose another folder"],
  ELOOP: ["not a file", "its symbolic links form a loop; choose another folder"],
  ENOSPC: ["disk", "the disk is full; free some space and try again"],
  EDQUOT: ["disk", "the disk quota is used up; free some space and try again"],
};

/** Turns what an operation on a file threw into one line; a `DataFileError` passes unchanged. */
export function explainFileError(
  error: unknown,
  { action, path, advice, folder = dirname(path) }: FileAccess,
): DataFileError {
  if (error instanceof DataFileError) return error;
  const problem = (kind: FileProblem, reason: string) =>
    new DataFileError(kind, `Cannot ${action} "${path}": ${reason}`, { cause: error });
  if (error instanceof Deno.errors.NotFound) {
    return problem("missing", action === "read" ? `there is no such file; ${advice}` : "its folder does not exist");
  }
  if (error instanceof Deno.errors.NotCapable) {
    const flag = /^Requires (read|write) access/.exec(error.message)?.[1] ?? action;
    return problem("not permitted", `Deno was not given access to its folder; add --allow-${flag}=${folder}`);
  }
  const [kind, reason] = byCode[codeOf(error)] ?? ["disk", firstLine(error)];
  return problem(kind, reason);
}

/** The first line of an error's message, without the call that Deno appends to it. */
export function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.split("\n", 1)[0]!;
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

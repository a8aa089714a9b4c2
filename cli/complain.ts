/** Lines on stderr that say what went wrong. Their text may quote files and command lines, so none of it reaches the
 *  terminal raw. @module */

import { plainText, shortText } from "../report/plain_text.ts";
import type { Output } from "./io.ts";
import { tolerant } from "./tolerant.ts";

const MOST_CHARACTERS = 1000;

/** What the JavaScript engine says about a mistake in this program; such text begins like this program's own. */
const INTERNAL = /^Cannot (?:(?:read|set|delete|destructure|redefine) propert|convert undefined|access '|assign to )/;

/** Prints one line under the program's name. Never throws: where nobody reads stderr, the exit code still tells. */
export function complain(err: Output, text: string): void {
  const line = text.trim().replace(/\s*[\r\n]+\s*/g, "; ");
  tolerant(err).write(`yopo-bench: ${shortText(line, MOST_CHARACTERS)}\n`);
}

/** Prints the error's stack trace and those of its causes. Never throws. */
export function printTrace(err: Output, error: Error): void {
  const lines = `${error.stack}${causes(error)}`.split("\n");
  const plain = lines.map((line) => (/^ {4}at /.test(line) ? "    " : "") + plainText(line));
  tolerant(err).write(`${plain.join("\n")}\n`);
}

/** An error as a sentence of this program: what the system says names a call and not what we were about to do. */
export function errorText(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  if (INTERNAL.test(text)) {
    return `Cannot go on: internal error: ${text}; run it again with --debug and report it`;
  }
  return /^(Cannot|Stopped) /.test(text) ? text : `Cannot go on: ${text}`;
}

function causes(error: Error): string {
  return error.cause instanceof Error ? `\ncaused by ${error.cause.stack}${causes(error.cause)}` : "";
}

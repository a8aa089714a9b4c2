/** Reads a command line: which command with which options, or what to print instead. @module */

import config from "../deno.json" with { type: "json" };
import { UsageError } from "../bench/usage_error.ts";
import { closest } from "./closest.ts";
import type { Invocation } from "./command.ts";
import { commands } from "./commands/registry.ts";
import { commandHelp, groupHelp, programHelp } from "./help.ts";

/** What a command line asks for. */
export type Request =
  | { readonly kind: "print"; readonly text: string }
  | { readonly kind: "run"; readonly invocation: Invocation };

/** Words that mean the same for every command; --debug is read by whoever prints errors. */
export const DEBUG = "--debug";

/**
 * Reads the words after the program's name.
 *
 * @throws {UsageError} One line: what is wrong, and what to do.
 */
export function readCommandLine(args: readonly string[], width: number): Request {
  const given = args.filter((word) => word !== DEBUG);
  const words = given[0] === "help" ? [...given.slice(1), "--help"] : given;
  if (words.length === 1 && words[0] === "--version") return { kind: "print", text: `yopo-bench ${config.version}\n` };
  const command = commands.find(({ name }) => name.split(" ").every((word, index) => words[index] === word));
  const options = words.slice(command?.name.split(" ").length ?? 0);
  // `deno task bench -- --json` hands on the dashes that separate its own options from ours.
  if (options[0] === "--") options.shift();
  const help = options.slice(0, options.indexOf("--") < 0 ? undefined : options.indexOf("--"))
    .some((word) => word === "--help" || word === "-h");
  if (command === undefined) return helpWithoutCommand(words, help, width);
  if (help) return { kind: "print", text: commandHelp(command, width) };
  const read = command.read(options);
  if ("error" in read) throw new UsageError(`${read.error} (see "yopo-bench ${command.name} --help")`);
  return { kind: "run", invocation: read };
}

function helpWithoutCommand(words: readonly string[], help: boolean, width: number): Request {
  const named = words.filter((word) => !word.startsWith("-"));
  const group = commands.filter(({ name }) => name.startsWith(`${named[0]} `));
  if (help && named.length === 0) return { kind: "print", text: programHelp(config.version, commands, width) };
  if (help && named.length === 1 && group.length > 0) return { kind: "print", text: groupHelp(group, width) };
  throw new UsageError(unknownCommand(words, group.map(({ name }) => name)));
}

function unknownCommand(words: readonly string[], group: readonly string[]): string {
  const all = [...new Set(commands.map(({ name }) => name.split(" ")[0]!))];
  const advice = `(see "yopo-bench --help")`;
  if (words.length === 0) return `Cannot run without a command: expected one of ${all.join(", ")} ${advice}`;
  if (group.length > 0) {
    const given = words.slice(0, 2).join(" ");
    const similar = words.length < 2 ? undefined : closest(given, group);
    const meant = similar === undefined ? `expected ${group.join(", ")}` : `did you mean "${similar}"?`;
    return `Cannot read command ${JSON.stringify(given)}: ${meant} ${advice}`;
  }
  const first = words[0]!;
  if (first.startsWith("-")) {
    return `Cannot read ${JSON.stringify(first)}: the command comes first, for example "yopo-bench bench" ${advice}`;
  }
  const similar = closest(first, all);
  const meant = similar === undefined ? `expected one of ${all.join(", ")}` : `did you mean "${similar}"?`;
  return `Cannot read command ${JSON.stringify(first)}: ${meant} ${advice}`;
}

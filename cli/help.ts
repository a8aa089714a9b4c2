/** The texts of --help. @module */

import { formatDocPage } from "@optique/core/doc";
import type { Command, Example } from "./command.ts";

const NAME = "yopo-bench";

/** Help of one command: usage, options with defaults, examples. */
export function commandHelp(command: Command, width: number): string {
  const page = command.page();
  const body = page === undefined ? "" : formatDocPage(`${NAME} ${command.name}`, page, {
    colors: false,
    showDefault: { prefix: " (default: ", suffix: ")" },
    maxWidth: Math.max(60, Math.min(width, 100)),
  });
  const description = command.description === undefined ? "" : `\n${command.description}\n`;
  return `${command.summary}\n\n${body.trimEnd()}\n${description}\n${exampleLines(command.examples)}`;
}

/** Help of the commands that share a first word. */
export function groupHelp(group: readonly Command[]): string {
  return `Commands\n${summaries(group)}\n\n${exampleLines(group.map(({ examples }) => examples[0]!))}`;
}

/** Help of the whole program. */
export function programHelp(version: string, commands: readonly Command[]): string {
  return `${NAME} ${version}: how long each way of adversarial training takes to reach a robust accuracy\n
Usage: ${NAME} COMMAND [OPTIONS]\n
Commands\n${summaries(commands)}\n
Everywhere
  --help      What a command does, its options, examples
  --debug     Show the stack trace of an error
  --version   Print the version and end\n
${exampleLines(commands.slice(0, 3).map(({ examples }) => examples[0]!))}`;
}

function summaries(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  return commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`).join("\n");
}

function exampleLines(examples: readonly Example[]): string {
  const width = Math.max(...examples.map(({ command }) => command.length));
  const lines = examples.map(({ command, says }) => `  ${NAME} ${command.padEnd(width)}  ${says}`);
  return `Examples\n${lines.join("\n")}\n`;
}

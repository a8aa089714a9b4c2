/** The texts of --help. @module */

import type { DocEntry } from "@optique/core/doc";
import { formatMessage } from "@optique/core/message";
import type { Message } from "@optique/core/message";
import { formatUsageTerm } from "@optique/core/usage";
import type { Usage, UsageTerm } from "@optique/core/usage";
import { twoColumns, wrap } from "./columns.ts";
import type { Command, Example } from "./command.ts";

const NAME = "yopo-bench";
const MOST_WIDTH = 100;

/** Help of one command: usage, options with defaults, examples. */
export function commandHelp(command: Command, terminalWidth: number): string {
  const width = Math.min(terminalWidth, MOST_WIDTH);
  const entries = command.page()?.sections.flatMap(({ entries }) => entries) ?? [];
  const rows = entries.map((entry) => [plainTerm(entry), meaning(entry)] as const);
  return [
    `${command.summary}\n`,
    `Usage: ${[NAME, command.name, ...usageWords(command.usage)].join(" ")}\n`,
    ...(rows.length === 0 ? [] : [`${twoColumns(rows, width)}\n`]),
    ...(command.description === undefined ? [] : [`${wrap(command.description, width).join("\n")}\n`]),
    exampleLines(command.examples, width),
  ].join("\n");
}

/** Help of the commands that share a first word. */
export function groupHelp(group: readonly Command[], width: number): string {
  return `Commands\n${summaries(group, width)}\n\n${exampleLines(group.map(({ examples }) => examples[0]!), width)}`;
}

/** Help of the whole program. */
export function programHelp(version: string, commands: readonly Command[], terminalWidth: number): string {
  const width = Math.min(terminalWidth, MOST_WIDTH);
  const everywhere = [
    ["--help", "what a command does, its options, examples"],
    ["--debug", "show the stack trace of an error"],
    ["--version", "print the version and end"],
  ] as const;
  return [
    ...wrap(`${NAME} ${version} measures how long each way of training takes to reach a robust accuracy`, width),
    `\nUsage: ${NAME} COMMAND [OPTIONS]`,
    `\nCommands\n${summaries(commands, width)}`,
    `\nWith every command\n${twoColumns(everywhere, width)}`,
    `\n${exampleLines(commands.slice(0, 3).map(({ examples }) => examples[0]!), width)}`,
  ].join("\n");
}

function summaries(commands: readonly Command[], width: number): string {
  return twoColumns(commands.map(({ name, summary }) => [name, summary]), width);
}

function exampleLines(examples: readonly Example[], width: number): string {
  const lines = examples.map(({ command, says }) => `  # ${says}\n  ${NAME} ${command}`);
  const shorter = examples.map(({ command, says }): [string, string] => [`${NAME} ${command}`, says]);
  const fits = Math.max(...shorter.map(([command, says]) => command.length + says.length)) + 6 <= width;
  return `Examples\n${fits ? pairs(shorter) : lines.join("\n")}\n`;
}

function pairs(rows: readonly [string, string][]): string {
  const width = Math.max(...rows.map(([command]) => command.length));
  return rows.map(([command, says]) => `  ${command.padEnd(width)}  ${says}`).join("\n");
}

/** What must be given, then "[OPTIONS]", then the arguments. */
function usageWords(usage: Usage): string[] {
  const needed = usage.filter((term) => term.type === "option");
  const others = usage.filter((term) => term.type !== "option" && !isOptional(term));
  return [...needed.map((term) => formatUsageTerm(term)), "[OPTIONS]", ...others.map((term) => formatUsageTerm(term))];
}

/** Whether the term is an option that may be left out. */
function isOptional(term: UsageTerm): boolean {
  return (term.type === "optional" || term.type === "multiple") && term.terms.some(({ type }) => type === "option");
}

function plainTerm({ term }: DocEntry): string {
  return formatUsageTerm(term, { optionsSeparator: ", " });
}

function meaning({ description, default: byDefault }: DocEntry): string {
  const value = byDefault === undefined ? "" : ` (default: ${plain(byDefault)})`;
  return `${description === undefined ? "" : plain(description)}${value}`;
}

function plain(message: Message): string {
  return formatMessage(message, { quotes: false, colors: false });
}

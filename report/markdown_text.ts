/** Pieces of Markdown (GitHub's dialect) that hold any text without letting it act as markup. @module */

import { plainText } from "./plain_text.ts";

/** Text from a file, as it may stand within a line or a table's cell: every character that could begin markup, an HTML
 *  tag, an entity, a formula or a link is escaped. */
export function escapeMarkdown(text: string): string {
  return plainText(text).replace(/[\\`*_{}[\]<>#|~$&!]/g, "\\$&").replaceAll("://", "\\://").replace(
    /\bwww\./gi,
    "www\\.",
  );
}

/** A block of code; the fence is longer than any run of backticks inside. */
export function codeBlock(text: string, language = ""): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map((run) => run[0].length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${language}\n${text.toWellFormed().replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, " ")}\n${fence}`;
}

/** A column: its heading (Markdown) and whether its cells are numbers. */
export interface Column {
  readonly heading: string;
  readonly numeric?: boolean;
}

/** A table of cells that are already Markdown. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("\n", " ")).join(" | ")} |`;
  const rule = columns.map((column) => column.numeric ? "---:" : "---");
  return [line(columns.map((column) => column.heading)), line(rule), ...rows.map(line)].join("\n");
}

/** A list of items that are already Markdown, one line each. */
export function list(items: readonly string[]): string {
  return items.map((item) => `- ${item.replaceAll("\n", " ")}`).join("\n");
}

/** "a", "a and b", "a, b and c". */
export function andList(items: readonly string[]): string {
  return items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`;
}

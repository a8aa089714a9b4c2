/** Tables on the terminal. @module */

import Table from "cli-table3";
import { plainText } from "../report/plain_text.ts";
import type { Output } from "./io.ts";
import { bold } from "./style.ts";

/** Prints rows under a head. Columns that do not fit go, the last one first; the first two always stay. */
export function printTable(out: Output, head: readonly string[], rows: readonly (readonly string[])[]): void {
  for (let columns = head.length;; columns--) {
    const text = draw(out, head.slice(0, columns), rows.map((row) => row.slice(0, columns)));
    const width = Math.max(
      ...draw({ colors: false }, head.slice(0, columns), rows.map((row) => row.slice(0, columns)))
        .split("\n").map((line) => [...line].length),
    );
    if (!out.isTerminal || width <= out.columns() || columns <= 2) return out.write(`${text}\n`);
  }
}

function draw(
  { colors }: Pick<Output, "colors">,
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const table = new Table({
    head: head.map((name) => bold(plainText(name), colors)),
    style: { head: [], border: [], compact: true },
  });
  table.push(...rows.map((row) => row.map(plainText)));
  return table.toString();
}

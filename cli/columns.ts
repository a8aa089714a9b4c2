/** Names and what they mean, side by side. @module */

const INDENT = 2;
const MOST_NAME = 30;
const LEAST_TEXT = 24;

/** Lines of a name column and a text column that wraps at words; a long name gets a line of its own. */
export function twoColumns(rows: readonly (readonly [name: string, text: string])[], width: number): string {
  const fitting = rows.map(([name]) => [...name].length).filter((length) => length <= MOST_NAME);
  const left = INDENT + Math.max(0, ...fitting) + 2;
  return rows.map(([name, text]) => {
    const lines = wrap(text, Math.max(LEAST_TEXT, width - left));
    const head = `${" ".repeat(INDENT)}${name}`;
    const own = [...head].length > left - 2;
    const first = own ? `${head}\n${" ".repeat(left)}` : head.padEnd(left);
    return `${first}${lines.join(`\n${" ".repeat(left)}`)}`.trimEnd();
  }).join("\n");
}

/** The text in lines of at most `width` characters, where its words allow it. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && [...line].length + 1 + [...word].length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

/** The known name closest to a mistyped one, by the Levenshtein distance. @module */

/** Edits (insert, delete, replace one character) that turn a into b. */
function distance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, previous[j]! + 1, row[j - 1]! + 1));
    }
    previous = row;
  }
  return previous[b.length]!;
}

/** The first closest of `names`, or undefined where none is within a third of the longer name's length. */
export function nearest(name: string, names: readonly string[]): string | undefined {
  let best: { name: string; edits: number } | undefined;
  for (const known of names) {
    const edits = distance(name.toLowerCase(), known.toLowerCase());
    const limit = Math.ceil(Math.max(name.length, known.length) / 3);
    if (edits <= limit && edits < (best?.edits ?? Infinity)) best = { name: known, edits };
  }
  return best?.name;
}

/** Words as a shell reads them back. @module */

/** Joins words with spaces; a word with characters that a shell would interpret stands in single quotes. */
export function shellWords(words: readonly string[]): string {
  return words.map((word) => /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)
    .join(" ");
}

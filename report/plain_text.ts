/** Text that came from files (labels, titles, messages, hardware names), made safe for each place where a report shows
 *  it. Every format takes such text through here, so none of it can act as markup. @module */

/** One line without control, bidirectional-control or invalid characters; runs of white space become one space. */
export function plainText(text: string): string {
  return text.toWellFormed().replace(/[\p{Cc}\p{Cs}\u2028\u2029]+/gu, " ").replace(/[\p{Cf}\uFFFE\uFFFF]/gu, "")
    .replace(/\s+/gu, " ").trim();
}

/** `plainText` cut to at most `length` characters, the last one an ellipsis where something was cut. */
export function shortText(text: string, length: number): string {
  const characters = [...plainText(text)];
  return characters.length <= length ? characters.join("") : characters.slice(0, length - 1).join("") + "…";
}

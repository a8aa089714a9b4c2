/** The word that a typo probably meant. @module */

import { findSimilar } from "@optique/core/suggestion";

/** The candidate within two edits, or undefined. */
export function closest(word: string, candidates: readonly string[]): string | undefined {
  return findSimilar(word, candidates, { maxDistance: 2, maxSuggestions: 1 })[0];
}

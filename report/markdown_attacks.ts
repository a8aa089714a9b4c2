/** How the Markdown report names attacks: short in headings, in full in a section of their own. @module */

import type { Result } from "../bench/result.ts";
import { attackOf, titleOfAttack } from "./attack_of.ts";
import { formatValue } from "./format.ts";
import { escapeMarkdown, list } from "./markdown_text.ts";

/** Keys of all attacks: the one that judges targets first, then the final ones, the strong one, and those of other curves. */
function mentioned({ suite: { evaluation, final, strong }, attacks }: Result): string[] {
  const strongKey = strong ? [strong.attack] : [];
  return [...new Set([evaluation.attack, ...final.attacks, ...strongKey, ...Object.keys(attacks)])];
}

/** Beginning of the label, such as "PGD-20" or "APGD-CE+T", with the attack's number where two share it. */
export function attackName(result: Result, key: string): string {
  const title = titleOfAttack(result, key);
  const twice = mentioned(result).some((other) => other !== key && titleOfAttack(result, other) === title);
  return escapeMarkdown(title) + (twice ? ` (${attackNumber(result, key)})` : "");
}

/** "attack 1": its place in the section below. */
export function attackNumber(result: Result, key: string): string {
  return `attack ${mentioned(result).indexOf(key) + 1}`;
}

export function attackSection(result: Result): string {
  const { evaluation, final, strong } = result.suite;
  const items = mentioned(result).map((key) => {
    const attack = attackOf(result, key);
    const uses = [
      key === evaluation.attack ? "curves and targets" : "",
      final.attacks.includes(key) ? "final" : "",
      key === strong?.attack
        ? `strong: the first ${strong.count} final images, for the weights judged at the end and those of each target's ` +
          "first crossing"
        : "",
    ].filter((use) => use !== "");
    const options = attack ? `: ${escapeMarkdown(attack.label)}. All options: ${formatOptions(attack.resolved)}` : "";
    return `${attackNumber(result, key)} (${uses.join("; ") || "curves"})${options}`;
  });
  return `## Attacks in full\n\n${list(items)}`;
}

/** "steps=20, stepSize=0.025", escaped. */
export function formatOptions(options: Readonly<Record<string, unknown>>): string {
  const entries = Object.entries(options).map(([key, value]) => `${key}=${formatValue(value)}`);
  return entries.length > 0 ? escapeMarkdown(entries.join(", ")) : "none";
}

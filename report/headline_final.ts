/** The headline's sentences on the last weights: under the strongest of the final attacks and under the strong one, since
 *  an accuracy under a weak one says little, and with a winner only where the images judged tell it from all others.
 *  @module */

import type { Result } from "../bench/result.ts";
import type { Accuracy } from "./accuracy.ts";
import { formatPercent } from "./format.ts";
import { attackName } from "./markdown_attacks.ts";
import { andList, escapeMarkdown } from "./markdown_text.ts";
import type { SummaryRow } from "./summarize.ts";

interface End {
  readonly name: string;
  readonly accuracy: Accuracy;
  readonly attacks: readonly string[];
}

/** Empty where no weights were judged at the end. */
export function finalSentence(result: Result, rows: readonly SummaryRow[]): string {
  const { final, strong } = result.suite;
  const ends = rows.flatMap((row): End[] =>
    row.last.strongest ? [{ name: escapeMarkdown(row.label), ...row.last.strongest }] : []
  );
  const attacked = strong
    ? rows.flatMap(({ label, last }): End[] =>
      last.strong ? [{ name: escapeMarkdown(label), accuracy: last.strong, attacks: [strong.attack] }] : []
    )
    : [];
  return [
    rankingSentence(result, ends, {
      start: "At the end",
      images: `on ${final.count} ${escapeMarkdown(final.split)} images`,
      under: (close) => underStrongest(result, close),
    }),
    rankingSentence(result, attacked, {
      start: "By the strong attack",
      images: `on the first ${strong?.count} of them`,
      under: () => `under ${attackName(result, strong?.attack ?? "")}`,
    }),
  ].filter((sentence) => sentence !== "").join(" ");
}

interface Ranking {
  readonly start: string;
  readonly images: string;
  under(close: readonly End[]): string;
}

function rankingSentence(result: Result, unsorted: readonly End[], { start, images, under }: Ranking): string {
  const ends = unsorted.toSorted((a, b) => b.accuracy.median - a.accuracy.median);
  const [best] = ends;
  if (!best) return "";
  // The same images judged everyone, so that intervals that just overlap may hide a difference: nothing is claimed then.
  const close = ends.filter(({ accuracy }) => accuracy.interval.upper >= best.accuracy.interval.lower);
  const median = result.suite.seeds.length > 1 ? "median " : "";
  if (close.length === 1) {
    const rank = ends.length === 1 ? "a" : "the highest";
    return `${start} **${best.name}** had ${rank} ${median}robust accuracy ${images}, ${under(close)}: ${shown(best)}.`;
  }
  const others = close.slice(1).map(({ name, accuracy }) => `${name} with ${formatPercent(accuracy.median)}`);
  const list = andList([`${best.name} with ${shown(best)}`, ...others]);
  return `${start} the highest ${median}robust accuracies, ${under(close)}, cannot be told apart ${images}: ${list}.`;
}

function shown({ accuracy: { median, count, min, max, interval } }: End): string {
  const range = count === 1
    ? `95 % interval ${formatPercent(interval.lower)} to ${formatPercent(interval.upper)}`
    : `${formatPercent(min)} to ${formatPercent(max)} over ${count} seeds`;
  return `${formatPercent(median)} (${range})`;
}

/** "under the strongest of the final attacks, pgd-50". */
function underStrongest(result: Result, ends: readonly End[]): string {
  const names = [...new Set(ends.flatMap((end) => end.attacks))].map((key) => attackName(result, key));
  if (result.suite.final.attacks.length === 1) return `under ${names[0]}`;
  return names.length === 1
    ? `under the strongest of the final attacks, ${names[0]}`
    : `each under the strongest of the final attacks (${names.join(" or ")})`;
}

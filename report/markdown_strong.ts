/** The strong attack in the Markdown report's tables of accuracies: columns of its own, what they mean, and in plain words
 *  which targets it takes back. @module */

import type { Result } from "../bench/result.ts";
import type { Accuracy } from "./accuracy.ts";
import { formatShare, formatTarget } from "./format.ts";
import { attackName, attackNumber } from "./markdown_attacks.ts";
import { type Column, escapeMarkdown, list } from "./markdown_text.ts";
import type { HollowTarget } from "./strong_there.ts";
import type { SummaryRow } from "./summarize.ts";
import { wilsonInterval } from "../statistics/wilson.ts";

/** "APGD-CE+T, 300 images", for the final weights; none where the suite has no strong attack or it judged none of them. */
export function strongColumn(result: Result, judged: readonly { readonly strong: Accuracy | null }[]): Column[] {
  const { strong } = result.suite;
  if (!strong || judged.every((row) => row.strong === null)) return [];
  return [{ heading: `${attackName(result, strong.attack)}, ${strong.count} images`, numeric: true }];
}

/** "APGD-CE+T there, 300 images", beside the time to a target; none where the suite has no strong attack. */
export function strongThereColumn(result: Result): Column[] {
  const { strong } = result.suite;
  return strong
    ? [{ heading: `${attackName(result, strong.attack)} there, ${strong.count} images`, numeric: true }]
    : [];
}

/** What these columns are. */
export function strongNotes(result: Result): string[] {
  const { strong, targets } = result.suite;
  if (!strong) return [];
  const title = attackName(result, strong.attack);
  const there = targets.length === 0
    ? ""
    : ` "There": of the weights kept at the first of the two evaluations that met the target, so that a target reached ` +
      "under a weaker attack is not taken for more than it is.";
  return [
    `${title} (${
      attackNumber(result, strong.attack)
    }): accuracy under this stronger attack, after the run, on the first ` +
    `${strong.count} ${escapeMarkdown(result.suite.final.split)} images.${there}`,
  ];
}

/** The targets that the strong attack takes back; empty where there is none. */
export function hollowNotes(result: Result, rows: readonly SummaryRow[]): string {
  const { strong, evaluation } = result.suite;
  const found = rows.flatMap(({ label, strongThere }) =>
    strongThere.flatMap(({ hollow }) => hollow.map((target) => ({ label, target })))
  );
  if (!strong || found.length === 0) return "";
  const [weak, title] = [attackName(result, evaluation.attack), attackName(result, strong.attack)];
  const items = found.map(({ label, target }) =>
    `**${escapeMarkdown(label)}**, seed ${target.seed}: ${hollowText(target, { weak, title })}`
  );
  const judged = escapeMarkdown(evaluation.split);
  return `Hollow targets:\n\n${
    list(items)
  }\n\nThe targets were judged on ${judged} images, and a first crossing is chosen ` +
    "for its height: a part of such a gap can be that, and not the attack.";
}

function hollowText({ target, row, split }: HollowTarget, names: { weak: string; title: string }): string {
  const left = formatShare(row.correct / row.count, wilsonInterval(row.correct, row.count));
  return `${
    formatTarget(target)
  } under ${names.weak} was hollow. Of the weights kept there ${names.title} leaves ${left} on ` +
    `${row.count} ${escapeMarkdown(split)} images, below ${formatTarget(target)} by more than the 95 % interval.`;
}

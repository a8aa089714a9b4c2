/** The order check in words: significant inversions for the report's first lines, small ones as notes. @module */

import type { Result } from "../bench/result.ts";
import { formatPercent } from "./format.ts";
import { judgedWeights } from "./judged_weights.ts";
import { attackName } from "./markdown_attacks.ts";
import { escapeMarkdown, list } from "./markdown_text.ts";
import { checkOrder, type Inversion, type OrderCheck } from "./order_check.ts";

/** More inversions than this are counted at the top and spelled out below. */
const AT_TOP = 4;

/** An order check with the words for its subject and its attacks, both Markdown. */
export interface NamedOrderCheck {
  /** "**pgd-7** (seed 0, last weights)"; empty where a report has one subject only. */
  readonly subject: string;
  readonly check: OrderCheck;
  name(key: string): string;
}

/** One check for each of the saved weights that were judged. */
export function orderChecks(result: Result): NamedOrderCheck[] {
  return judgedWeights(result).map(({ run, which, row }) => ({
    subject: `**${escapeMarkdown(run.label)}** (seed ${run.seed}, weights: ${which})`,
    check: checkOrder(row, result.attacks),
    name: (key) => attackName(result, key),
  }));
}

/** A paragraph for the top; empty where no inversion is significant. */
export function orderNotice(checks: readonly NamedOrderCheck[]): string {
  const found = sentences(checks, ({ significant }) => significant);
  if (found.length === 0) return "";
  const more = found.length > AT_TOP ? ` ${found.length - AT_TOP} more are listed with the attacks below.` : "";
  return `**Attacks out of order**: ${found.slice(0, AT_TOP).join(" ")}${more} A stronger attack should not leave ` +
    "more images correct: find out why before trusting any of these accuracies.";
}

/** For the section on attacks: what was compared, and every inversion; empty where nothing could be compared. */
export function orderNotes(checks: readonly NamedOrderCheck[]): string {
  const total = (of: (check: OrderCheck) => number) => checks.reduce((sum, { check }) => sum + of(check), 0);
  const compared = total(({ compared }) => compared), countsOnly = total(({ countsOnly }) => countsOnly);
  if (compared === 0) return "";
  const inverted = sentences(checks, () => true);
  const pairs = compared === 1 ? "1 pair was" : `${compared} pairs were`;
  const verdict = inverted.length === 0
    ? "no stronger attack left more images correct than a weaker one."
    : `in ${inverted.length} the stronger attack left more images correct:`;
  const known = countsOnly === 0
    ? ""
    : countsOnly === compared
    ? " This record holds counts only, no outcomes image by image, so nothing is said about significance."
    : ` Of ${countsOnly} of them only counts are known, so nothing is said about their significance.`;
  const order =
    "Order check, on the same images: AutoAttack ≤ PGD with more steps and restarts ≤ PGD with fewer ≤ FGSM ≤ " +
    `clean, by images left correct. ${pairs} compared; ${verdict}${known} It is no theorem, since step sizes and starts ` +
    "differ; p is McNemar's exact test, not corrected for the number of pairs.";
  return [order, inverted.length === 0 ? "" : list(inverted)].filter((part) => part !== "").join("\n\n");
}

function sentences(checks: readonly NamedOrderCheck[], wanted: (inversion: Inversion) => boolean): string[] {
  return checks.flatMap(({ subject, check, name }) =>
    check.inversions.filter(wanted).map((inversion) =>
      (subject === "" ? "" : `${subject}: `) + sentence(inversion, name)
    )
  );
}

function sentence(inversion: Inversion, name: (key: string) => string): string {
  const { weaker, stronger, weakerCorrect, strongerCorrect, count, fgsmAboveClean } = inversion;
  const share = (correct: number) => `${correct} (${formatPercent(correct / count)})`;
  const than = weaker === null
    ? `than the ${share(weakerCorrect)} without any attack`
    : `than the weaker ${name(weaker)} with ${share(weakerCorrect)}`;
  const suspicion = fgsmAboveClean ? "; FGSM above clean accuracy: suspected label leaking or gradient masking" : "";
  return `${name(stronger)} left ${share(strongerCorrect)} of ${count} images correct, more ${than} ` +
    `(${certainty(inversion)})${suspicion}.`;
}

function certainty({ p, significant }: Inversion): string {
  if (p === null) return "counts only";
  const shown = p < 0.0001 ? "p < 0.0001" : `p = ${Number(p.toPrecision(2))}`;
  return significant ? `exact McNemar test, ${shown}` : `small: ${shown}`;
}

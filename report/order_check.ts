/** Whether stronger attacks left fewer images correct, image by image on the same images: AutoAttack ≤ its first stages ≤
 *  APGD-CE ≤ PGD with more steps and restarts ≤ PGD with fewer ≤ FGSM ≤ clean. No theorem says so (step sizes and starts
 *  differ), but where it fails by more than chance something is usually wrong: label leaking, masked gradients, a broken
 *  attack. Which of two mixed outcomes is more frequent is tested by McNemar's exact test. @module */

import type { Result, RobustRow } from "../bench/result.ts";
import { mcnemar } from "../statistics/mcnemar.ts";
import { decodeOutcomes } from "../statistics/outcome_bits.ts";
import { attackOf } from "./attack_of.ts";

/** An inversion whose p is below this is no accident. */
const SIGNIFICANT = 0.01;

type Outcomes = Pick<RobustRow, "correct" | "count" | "correctBits">;
type AttackRecord = Result["attacks"][string];

/** What one network's images became under several attacks. */
export interface Judged {
  readonly clean: Outcomes;
  readonly robust: readonly (Outcomes & Pick<RobustRow, "attack">)[];
}

/** A stronger attack that left more images correct than a weaker one. */
export interface Inversion {
  /** Key of the weaker attack; null: no attack at all. */
  readonly weaker: string | null;
  readonly stronger: string;
  /** Images left correct, of the `count` that both judged. */
  readonly weakerCorrect: number;
  readonly strongerCorrect: number;
  readonly count: number;
  /** Of McNemar's test; null where only counts are known. */
  readonly p: number | null;
  readonly significant: boolean;
  /** FGSM above clean accuracy: suspected label leaking or gradient masking. */
  readonly fgsmAboveClean: boolean;
}

export interface OrderCheck {
  /** Pairs that could be compared, and those of them of which only counts are known. */
  readonly compared: number;
  readonly countsOnly: number;
  readonly inversions: readonly Inversion[];
}

interface Entry {
  readonly key: string | null;
  readonly rank: number;
  readonly outcomes: Outcomes;
}

/** Compares every ranked attack with those of the next lower rank, and with no attack. */
export function checkOrder(judged: Judged, attacks: Result["attacks"]): OrderCheck {
  const pairs = pairsOf([{ key: null, rank: 0, outcomes: judged.clean }, ...ranked(judged, attacks)]);
  const compared = pairs.flatMap(([weaker, stronger]) => compare(weaker, stronger, attacks) ?? []);
  return {
    compared: compared.length,
    countsOnly: compared.filter(({ p }) => p === null).length,
    inversions: compared.filter(({ weakerCorrect, strongerCorrect }) => strongerCorrect > weakerCorrect),
  };
}

/** Attacks whose strength is known, each with the row of most images. */
function ranked({ robust }: Judged, attacks: Result["attacks"]): Entry[] {
  return [...Map.groupBy(robust, ({ attack }) => attack)].flatMap(([key, rows]) => {
    const record = attackOf({ attacks }, key);
    const rank = record === undefined ? null : rankOf(record);
    const [outcomes] = rows.toSorted((a, b) => b.count - a.count);
    return rank === null || outcomes === undefined ? [] : [{ key, rank, outcomes }];
  });
}

/** A number that grows with the strength to be expected; null where none is. Attacks of one rank are not compared. */
export function rankOf({ name, resolved }: AttackRecord): number | null {
  if (resolved["loss"] === "margin") return null;
  const pgd = /^pgd-(\d+)$/.exec(name);
  if (pgd) {
    const restarts = typeof resolved["restarts"] === "number" ? resolved["restarts"] : 1;
    return 2 - 1 / (1 + Number(pgd[1]) * restarts);
  }
  return Object.hasOwn(RANKS, name) ? RANKS[name] ?? null : null;
}

/** PGD lies between FGSM and APGD-CE. AutoAttack rand lacks the targeted attack; custom ones may be anything. */
const RANKS: Readonly<Record<string, number>> = {
  "fgsm": 1,
  "apgd-ce": 3,
  "fast": 4,
  "autoattack-rand": 4,
  "autoattack": 5,
  "autoattack-plus": 6,
};

function pairsOf(entries: readonly Entry[]): [Entry, Entry][] {
  const ranks = [...Map.groupBy(entries, ({ rank }) => rank)].sort(([a], [b]) => a - b).map(([, group]) => group);
  return ranks.flatMap((group, index) => {
    const weaker = index > 1 ? [...ranks[0] ?? [], ...ranks[index - 1] ?? []] : ranks[index - 1] ?? [];
    return group.flatMap((stronger) => weaker.map((entry): [Entry, Entry] => [entry, stronger]));
  });
}

/** Null where the two did not judge the same images, or none. */
function compare(weaker: Entry, stronger: Entry, attacks: Result["attacks"]): Inversion | null {
  if (stronger.key === null) return null;
  const count = Math.min(weaker.outcomes.count, stronger.outcomes.count);
  const [one, other] = [bitsOf(weaker.outcomes, count), bitsOf(stronger.outcomes, count)];
  const known = one !== null && other !== null;
  if (count === 0 || (!known && weaker.outcomes.count !== stronger.outcomes.count)) return null;
  const weakerCorrect = known ? sum(one) : weaker.outcomes.correct;
  const strongerCorrect = known ? sum(other) : stronger.outcomes.correct;
  const both = known ? one.filter((bit, i) => bit === 1 && other[i] === 1).length : 0;
  const p = known ? mcnemar(weakerCorrect - both, strongerCorrect - both) : null;
  return {
    weaker: weaker.key,
    stronger: stronger.key,
    weakerCorrect,
    strongerCorrect,
    count,
    p,
    significant: p !== null && p < SIGNIFICANT && strongerCorrect > weakerCorrect,
    fgsmAboveClean: weaker.key === null && attackOf({ attacks }, stronger.key)?.name === "fgsm" &&
      strongerCorrect > weakerCorrect,
  };
}

/** The outcomes of the first images; null where a record holds none, or too few. */
function bitsOf({ correctBits }: Outcomes, count: number): Uint8Array | null {
  return correctBits === undefined || correctBits.length * 4 < count ? null : decodeOutcomes(correctBits, count);
}

function sum(bits: Uint8Array): number {
  return bits.reduce((total, bit) => total + bit, 0);
}

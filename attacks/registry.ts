/** The attacks by name. A new attack is one file, one line here and one row in the table test. @module */

import { didYouMean, type OptionValues, resolveOptions } from "../models/options.ts";
import type { Attack, AttackDefinition, ThreatModel } from "./attack.ts";
import { apgdCeAttack, apgdDlrAttack } from "./apgd.ts";
import { apgdTAttack } from "./apgd_targeted.ts";
import { autoattackCustom, autoattackPlus, autoattackRand, autoattackStandard, fastTier } from "./autoattack.ts";
import { cwAttack } from "./cw.ts";
import { fabAttack, fabTAttack } from "./fab.ts";
import { fgsmAttack } from "./fgsm.ts";
import { miFgsmAttack } from "./mi_fgsm.ts";
import { gaussianNoiseAttack, uniformNoiseAttack } from "./noise.ts";
import { pgdAttack } from "./pgd.ts";
import { squareAttack } from "./square.ts";

/** All attacks, sorted by name. */
export const attacks: readonly AttackDefinition[] = [
  apgdCeAttack,
  apgdDlrAttack,
  apgdTAttack,
  autoattackStandard,
  autoattackCustom,
  autoattackPlus,
  autoattackRand,
  cwAttack,
  fabAttack,
  fabTAttack,
  fastTier,
  fgsmAttack,
  gaussianNoiseAttack,
  miFgsmAttack,
  pgdAttack,
  squareAttack,
  uniformNoiseAttack,
];

/**
 * Makes the attack called `name`, such as "fgsm" or "pgd-20".
 *
 * @throws {RangeError} When there is no such attack, or an option is unknown to it or out of range.
 */
export function findAttack(name: string, threat: ThreatModel, options: OptionValues = {}): Attack {
  for (const definition of attacks) {
    const numbers = numbersIn(name, definition.name);
    if (numbers === null) continue;
    resolveOptions(definition.options, options, `attack "${name}"`); // what the name says, such as steps, is no option
    return definition.create(threat, numbers, options);
  }
  const expected = attacks.map(({ name, example }) => name === example ? name : `${name} (for example ${example})`);
  const hint = didYouMean(name, attacks.flatMap((definition) => candidates(name, definition)));
  throw new RangeError(`Cannot find attack "${name}": expected one of ${expected.join(", ")}${hint}`);
}

/** The numbers that stand where the pattern has capital letters, or null where the name does not fit. */
function numbersIn(name: string, pattern: string): number[] | null {
  const match = new RegExp(`^${pattern.replaceAll(/[A-Z]/g, "(\\d{1,6})")}$`).exec(name);
  return match === null ? null : match.slice(1).map(Number);
}

/** Names to suggest: the pattern with the numbers that were asked for, where their count fits, and the example. */
function candidates(name: string, { name: pattern, example }: AttackDefinition): string[] {
  const numbers = name.match(/\d+/g) ?? [];
  const letters = pattern.match(/[A-Z]/g) ?? [];
  if (numbers.length !== letters.length || numbers.length === 0) return [example];
  return [pattern.replaceAll(/[A-Z]/g, () => numbers.shift()!), example];
}

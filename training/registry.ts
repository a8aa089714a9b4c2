/** The training methods by name. A new method is one file, one line here and one row in the table test. @module */

import { didYouMean, type OptionValues } from "../models/options.ts";
import { fgsm } from "./fgsm.ts";
import { fgsmRs } from "./fgsm_rs.ts";
import { free } from "./free.ts";
import type { MethodDefinition, TrainingMethod } from "./method.ts";
import { natural } from "./natural.ts";
import { pgd } from "./pgd.ts";
import { trades } from "./trades.ts";
import { tradesYopo } from "./trades_yopo.ts";
import { yopo } from "./yopo.ts";

/** All methods, sorted by name. */
export const methods: readonly MethodDefinition[] = [fgsm, fgsmRs, free, natural, pgd, trades, tradesYopo, yopo];

const MAX_NUMBER = 1000;

/** The numbers in a name, or undefined where it does not match the pattern. */
function numbersIn(name: string, pattern: string): number[] | undefined {
  const match = name.match(new RegExp(`^${pattern.replaceAll(/[A-Z]/g, "([1-9][0-9]{0,3})")}$`));
  const numbers = match?.slice(1).map(Number);
  return numbers?.every((value) => value <= MAX_NUMBER) ? numbers : undefined;
}

/** The pattern with every capital replaced: "pgd-K" -> "pgd-5", "yopo-M-N" -> "yopo-5-3". */
function exampleOf(pattern: string): string {
  const examples: Readonly<Record<string, string>> = { M: "5", N: "3", K: "5" };
  return pattern.replaceAll(/[A-Z]/g, (letter) => examples[letter] ?? "1");
}

/** A pattern without its numbers: "trades-yopo" of "trades-yopo-M-N". */
function wordsOf(pattern: string): string {
  return pattern.replace(/(-[A-Z])+$/, "");
}

function explain(name: string): string {
  const related = methods
    .filter(({ pattern }) => /[A-Z]/.test(pattern) && `${name}-`.startsWith(`${wordsOf(pattern)}-`))
    .toSorted((a, b) => wordsOf(b.pattern).length - wordsOf(a.pattern).length)[0];
  if (related !== undefined) {
    return `expected ${related.pattern} with whole numbers from 1 to ${MAX_NUMBER}, for example ${
      exampleOf(related.pattern)
    }`;
  }
  const patterns = methods.map(({ pattern }) => pattern);
  return `expected ${patterns.join(", ")}${didYouMean(name, patterns.map(exampleOf))}`;
}

/** The definition that a name such as "pgd-5" belongs to, and the numbers in it. */
interface FoundMethod {
  readonly definition: MethodDefinition;
  readonly numbers: readonly number[];
}

/**
 * The definition of the method called `name`.
 *
 * @param origin Where the name came from, for the message: "--method".
 * @throws {RangeError} When no method has that name.
 */
export function findMethodDefinition(name: string, origin?: string): FoundMethod {
  for (const definition of methods) {
    const numbers = numbersIn(name, definition.pattern);
    if (numbers !== undefined) return { definition, numbers };
  }
  const from = origin === undefined ? "" : ` from ${origin}`;
  throw new RangeError(`Cannot read method "${name}"${from}: ${explain(name)}`);
}

/**
 * Makes the method called `name`, such as "natural", "pgd-5" or "yopo-5-3".
 *
 * @param origin Where the name came from, for the message: "--method".
 * @throws {RangeError} When no method has that name, or an option is unknown, missing or out of range.
 */
export function findMethod(name: string, options: OptionValues = {}, origin?: string): TrainingMethod {
  const { definition, numbers } = findMethodDefinition(name, origin);
  return definition.create(name, numbers, options);
}

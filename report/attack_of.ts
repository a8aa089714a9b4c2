/** Looks up an attack of a result. @module */

import type { Result } from "../bench/result.ts";
import { shortText } from "./plain_text.ts";

/** The attack behind a key, or undefined where the file has none; its keys are a file's, such as "toString". */
export function attackOf({ attacks }: Pick<Result, "attacks">, key: string): Result["attacks"][string] | undefined {
  return Object.hasOwn(attacks, key) ? attacks[key] : undefined;
}

/** What an attack's label begins with, before its threat model: "APGD-CE+T"; PGD with restarts by steps and restarts, as
 *  the field names it: "PGD-50-10". The key where the file has no such attack. */
export function titleOfAttack(result: Pick<Result, "attacks">, key: string): string {
  const attack = attackOf(result, key), label = attack?.label ?? key, restarts = attack?.resolved["restarts"];
  const title = label.split(/, L(?:∞|2) /)[0] ?? label;
  const repeated = /^PGD-\d+$/.test(title) && typeof restarts === "number" && restarts > 1;
  return shortText(repeated ? `${title}-${restarts}` : title, 60);
}

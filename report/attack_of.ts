/** Looks up an attack of a result. @module */

import type { Result } from "../bench/result.ts";

/** The attack behind a key, or undefined where the file has none; its keys are a file's, such as "toString". */
export function attackOf({ attacks }: Pick<Result, "attacks">, key: string): Result["attacks"][string] | undefined {
  return Object.hasOwn(attacks, key) ? attacks[key] : undefined;
}

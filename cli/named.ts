/** --option NAME=VALUE and what it belongs to, as the registries take them. @module */

import type { Named, NamedData } from "../bench/suite.ts";
import { UsageError } from "../bench/usage_error.ts";
import type { Setting } from "./kinds.ts";

/**
 * A data set, whose options may hold lists, with its options.
 *
 * @throws {UsageError} When an option is given twice.
 */
export function namedData(name: string, settings: readonly Setting[], origin: string): NamedData {
  const options: NamedData["options"] = {};
  for (const { name: key, value } of settings) {
    if (Object.hasOwn(options, key)) throw new UsageError(`Cannot read ${key} from ${origin} a second time`);
    options[key] = value;
  }
  return { name, options };
}

/**
 * A method, model or attack with its options.
 *
 * @throws {UsageError} When an option is given twice, or is a list.
 */
export function named(name: string, settings: readonly Setting[], origin: string): Named {
  const options: Named["options"] = {};
  for (const [key, value] of Object.entries(namedData(name, settings, origin).options)) {
    if (Array.isArray(value)) throw new UsageError(`Cannot read ${key}=[${value}] from ${origin}: expected one value`);
    options[key] = value;
  }
  return { name, options };
}

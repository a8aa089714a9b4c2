/** --engine of every command that computes. @module */

import { type EngineChoice } from "../bench/choose_engine.ts";
import { UsageError } from "../bench/usage_error.ts";
import { text } from "./kinds.ts";
import { value } from "./options.ts";

/** The option; the engines themselves are loaded only where one is needed. */
export const engineOption = value(
  "--engine",
  text("ENGINE"),
  "What computes: auto, or one that list engines names",
  "auto",
);

/** @param origin Where the name came from. @throws {UsageError} When no engine has that name. */
export async function readEngine(name: string, origin = "--engine"): Promise<EngineChoice> {
  const { engines, findEngine } = await import("../backends/registry.ts");
  if (name === "auto") return name;
  const found = engines.find((engine) => engine.name === name);
  if (found !== undefined) return found.name;
  try {
    return findEngine(name).name;
  } catch (error) {
    throw UsageError.from(error, origin);
  }
}

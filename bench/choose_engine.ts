/** Which engine "auto" is. @module */

import type { EngineName } from "../backends/engine.ts";
import { engines, findEngine } from "../backends/registry.ts";
import { UsageError } from "./usage_error.ts";

export type EngineChoice = "auto" | EngineName;

/** Engines in the order in which "auto" takes the first that can run. */
const PREFERENCE: readonly EngineName[] = ["wasm", "cpu"];

/** @throws {UsageError} When the engine is unknown or cannot run here: why, and what to do. */
export async function chooseEngine(choice: EngineChoice): Promise<EngineName> {
  if (choice !== "auto") {
    const state = await findEngine(choice).available();
    if (state.available) return choice;
    throw new UsageError(`Cannot use engine ${choice}: ${state.reason}; ${state.advice}`);
  }
  for (const name of PREFERENCE) {
    const definition = engines.find((engine) => engine.name === name);
    if (definition && (await definition.available()).available) return name;
  }
  throw new UsageError(`Cannot find an engine that runs here: run "yopo-bench doctor"`);
}

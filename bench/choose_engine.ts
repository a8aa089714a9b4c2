/** Which engine "auto" is. @module */

import type { EngineName } from "../backends/engine.ts";
import { engines, findEngine } from "../backends/registry.ts";
import { UsageError } from "./usage_error.ts";

export type EngineChoice = "auto" | EngineName;

/** Engines in the order in which "auto" takes the first that can run. */
const PREFERENCE: readonly EngineName[] = ["tensorflow", "wasm", "cpu"];

/** @throws {UsageError} When the engine is unknown or cannot run here: why, and what to do. */
export async function chooseEngine(choice: EngineChoice): Promise<{ name: EngineName; reason: string }> {
  if (choice !== "auto") {
    const state = await findEngine(choice).available();
    if (state.available) return { name: choice, reason: "asked for" };
    throw new UsageError(`Cannot use engine ${choice}: ${state.reason}; ${state.advice}`);
  }
  const others: string[] = [];
  for (const name of PREFERENCE) {
    const definition = engines.find((engine) => engine.name === name);
    const state = await definition?.available();
    if (state?.available) return { name, reason: ["the fastest that runs here", ...others].join("; ") };
    if (state !== undefined) others.push(`not ${name}: ${state.reason}`);
  }
  throw new UsageError(`Cannot find an engine that runs here: run "yopo-bench doctor"`);
}

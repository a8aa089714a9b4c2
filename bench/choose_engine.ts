/** Which engine "auto" is. @module */

import type { EngineDefinition, EngineName, Precision } from "../backends/engine.ts";
import { findEngine } from "../backends/registry.ts";
import { UsageError } from "./usage_error.ts";

export type EngineChoice = "auto" | EngineName;

/** Engines in the order in which "auto" takes the first that can run. */
const PREFERENCE: readonly EngineName[] = ["tensorflow", "wasm", "cpu"];

/** What an engine must be able to do, where something was asked for. */
export interface EngineNeeds {
  readonly precision?: Precision;
  readonly workers?: number | null;
  readonly shards?: number | null;
}

/** The engine, and why it. @throws {UsageError} When it is unknown or cannot run here: why, and what to do. */
export async function chooseEngine(
  choice: EngineChoice,
  needs: EngineNeeds = {},
): Promise<{ name: EngineName; reason: string }> {
  if (choice !== "auto") {
    const state = await findEngine(choice).available();
    if (state.available) return { name: choice, reason: "asked for" };
    throw new UsageError(`Cannot use engine ${choice}: ${state.reason}; ${state.advice}`);
  }
  const others: string[] = [];
  for (const name of PREFERENCE) {
    const definition = findEngine(name);
    const state = await definition.available();
    const lack = state.available ? whatLacks(definition, needs) : state.reason;
    if (lack === null) return { name, reason: ["the fastest that runs here", ...others].join("; ") };
    others.push(`not ${name}: ${lack}`);
  }
  throw new UsageError(`Cannot find an engine that runs here: ${others.join("; ")}; run "yopo-bench doctor"`);
}

/** A precision as the command line spells it. */
export function formatPrecision(precision: Precision): string {
  return precision === "f32-fma" ? "fma" : precision;
}

function whatLacks(
  { precisions, shards }: EngineDefinition,
  { precision = "f32", ...asked }: EngineNeeds,
): string | null {
  if (!precisions.includes(precision)) return `it has no precision ${formatPrecision(precision)}`;
  const isShared = (asked.workers ?? 1) > 1 || (asked.shards ?? 1) > 1;
  return isShared && shards === 1 ? "it has no workers and shards" : null;
}

/** All engines, sorted by name. @module */

import { cpuEngine } from "./cpu.ts";
import type { EngineDefinition } from "./engine.ts";
import { tensorflowEngine } from "./tensorflow.ts";
import { wasmEngine } from "./wasm.ts";

/** Every engine that this program has, whether or not it can run here. */
export const engines: readonly EngineDefinition[] = [cpuEngine, tensorflowEngine, wasmEngine];

/** The engine called `name`. @throws {RangeError} When there is none. */
export function findEngine(name: string): EngineDefinition {
  const found = engines.find((engine) => engine.name === name);
  if (found === undefined) {
    const names = engines.map((engine) => engine.name).join(", ");
    throw new RangeError(`Cannot find engine ${JSON.stringify(name)}: expected one of ${names}`);
  }
  return found;
}

/** --engine, --precision, --workers and --shards of every command that computes. @module */

import type { Precision } from "../backends/engine.ts";
import type { EngineChoice } from "../bench/choose_engine.ts";
import type { EngineRequest } from "../bench/engine_request.ts";
import { UsageError } from "../bench/usage_error.ts";
import { integer, oneOf, text } from "./kinds.ts";
import { optionalValue, value } from "./options.ts";

const DEFAULT_ENGINE = "auto", DEFAULT_PRECISION = "f32";

/** The engines themselves are loaded only where one is needed. */
export const engineOptions = {
  engine: value("--engine", text("ENGINE"), "What computes: auto, or one that list engines names", DEFAULT_ENGINE),
  precision: value(
    "--precision",
    oneOf("f32", "fma", "bf16"),
    "Rounding of products: f32; fma (wasm) and bf16 (tensorflow) can be faster and give other bits",
    DEFAULT_PRECISION,
  ),
  workers: optionalValue(
    "--workers",
    integer({ min: 1, max: 64 }),
    "Workers that share a batch on wasm (default: the largest power of two up to the cores and 8); results do not depend on it",
  ),
  shards: optionalValue(
    "--shards",
    integer({ min: 1, max: 64 }),
    "Parts of a batch whose sums are added in a fixed order on wasm (default: 8); the last bits depend on it",
  ),
};

/** The options as they were read. */
export interface EngineOptionValues {
  readonly engine: string;
  readonly precision: "f32" | "fma" | "bf16";
  readonly workers: number | undefined;
  readonly shards: number | undefined;
}

/** What the options ask for. @throws {UsageError} When no engine has that name. */
export async function readEngineRequest(
  { engine, precision, workers, shards }: EngineOptionValues,
): Promise<EngineRequest> {
  return {
    engine: await readEngine(engine),
    precision: precisionOf(precision),
    workers: workers ?? null,
    shards: shards ?? null,
  };
}

/** The words of a command line that ask for the same engine; the workers are the machine's affair. */
export function engineWords({ engine, precision, shards }: EngineOptionValues): string[] {
  return [
    ...(engine === DEFAULT_ENGINE ? [] : ["--engine", engine]),
    ...(precision === DEFAULT_PRECISION ? [] : ["--precision", precision]),
    ...(shards === undefined ? [] : ["--shards", String(shards)]),
  ];
}

function precisionOf(word: EngineOptionValues["precision"]): Precision {
  return word === "fma" ? "f32-fma" : word;
}

/** @throws {UsageError} When no engine has that name. */
async function readEngine(name: string): Promise<EngineChoice> {
  const { engines, findEngine } = await import("../backends/registry.ts");
  if (name === "auto") return name;
  const found = engines.find((engine) => engine.name === name);
  if (found !== undefined) return found.name;
  try {
    return findEngine(name).name;
  } catch (error) {
    throw UsageError.from(error, "--engine");
  }
}

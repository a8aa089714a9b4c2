/** The engine that work goes on with. @module */

import { join } from "node:path";
import type { EngineName } from "../backends/engine.ts";
import { findEngine } from "../backends/registry.ts";
import type { EngineRequest } from "./engine_request.ts";
import { findStoredSuite, type StoredSuite } from "./output_folder.ts";
import { UsageError } from "./usage_error.ts";

/** A results folder and what is asked of it. */
export interface FolderRequest {
  readonly out: string;
  readonly engine: EngineRequest;
  /** Whether what lies in the folder is moved aside. */
  readonly force: boolean;
}

/**
 * Work that was begun goes on with its engine where none is named, also where "auto" would choose another one by now.
 *
 * @throws {UsageError} When the folder names an engine that does not exist.
 */
export async function followFolder({ out, engine: asked, force }: FolderRequest): Promise<EngineRequest> {
  const stored = force || asked.engine !== "auto" ? null : await findStoredSuite(out);
  if (stored === null) return asked;
  const { precision = "f32" } = asked;
  return {
    ...asked,
    engine: engineOf(stored, join(out, "suite.json")),
    precision: precision === "f32" ? stored.precision : precision,
    shards: asked.shards ?? stored.shards,
    reason: "the results folder was begun with it",
  };
}

function engineOf({ engine }: StoredSuite, origin: string): EngineName {
  try {
    return findEngine(engine).name;
  } catch (error) {
    throw UsageError.from(error, origin);
  }
}

/** What opening an engine takes: the tensorflow engine is a native library that reads its settings from the environment
 *  when the process starts; the others need nothing. @module */

import type { Precision } from "../backends/engine.ts";
import { tensorflowEnvironment, tensorflowVariables } from "../backends/tensorflow/environment.ts";
import { bindingPath, nativeFolder } from "../backends/tensorflow/place.ts";
import type { Permissions } from "./permissions.ts";
import type { Place } from "./place.ts";

/** A command's permissions with those of its engine, and the variables that its process starts with. */
export interface EngineAccess {
  readonly permissions: Permissions;
  readonly variables: Readonly<Record<string, string>>;
}

/** Adds what the engine needs; "auto" may become any engine. */
export function withEngine(permissions: Permissions, { cache }: Pick<Place, "cache">): EngineAccess {
  const { engine: asked, ...rest } = permissions;
  if (asked === undefined || (asked.engine !== "auto" && asked.engine !== "tensorflow")) {
    return { permissions: rest, variables: {} };
  }
  return {
    permissions: {
      ...rest,
      read: [...rest.read, nativeFolder(cache)],
      env: [...rest.env ?? [], ...tensorflowVariables],
      ffi: [...rest.ffi ?? [], bindingPath(cache)],
    },
    variables: tensorflowEnvironment(asked.precision === "bf16" ? "bf16" : "f32" satisfies Precision),
  };
}

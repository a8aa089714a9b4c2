/** What is asked of an engine, and what that comes to on this machine. @module */

import type { Engine, EngineDefinition, EngineName, Precision } from "../backends/engine.ts";
import { findEngine } from "../backends/registry.ts";
import { checkShards, soloTeam } from "../backends/team.ts";
import { chooseEngine, type EngineChoice, formatPrecision } from "./choose_engine.ts";
import { UsageError } from "./usage_error.ts";

/** null leaves the choice to the engine and the machine. */
export interface EngineRequest {
  readonly engine: EngineChoice;
  /** @default "f32" */
  readonly precision?: Precision;
  /** Data-parallel workers. */
  readonly workers?: number | null;
  /** Parts of a batch, a power of two. */
  readonly shards?: number | null;
  /** Why this is asked for, where it was not the user who asked. */
  readonly reason?: string;
}

/** An engine with everything decided. */
export interface EnginePlan {
  readonly engine: EngineName;
  readonly precision: Precision;
  readonly workers: number;
  readonly shards: number;
  /** Why this engine, for the record. */
  readonly reason: string;
}

/** @throws {UsageError} When the engine cannot run here, or not so. */
export async function planEngine(request: EngineRequest, cores = navigator.hardwareConcurrency): Promise<EnginePlan> {
  const { name: engine, reason } = await chooseEngine(request.engine, request);
  const definition = findEngine(engine), { precision = "f32" } = request;
  if (!definition.precisions.includes(precision)) {
    throw new UsageError(
      `Cannot use precision ${formatPrecision(precision)} with engine ${engine}: it has ${
        definition.precisions.map(formatPrecision).join(" and ")
      }`,
    );
  }
  const shards = chooseShards(definition, request.shards ?? null);
  const workers = chooseWorkers(definition, shards, request.workers ?? null, cores);
  return { engine, precision, shards, workers, reason: request.reason ?? reason };
}

/** The engine in this thread, as a worker alone. */
export function openAlone({ engine, precision, shards }: EnginePlan): Promise<Engine> {
  return findEngine(engine).open({ precision, team: soloTeam(shards) });
}

function chooseShards({ name, shards }: EngineDefinition, asked: number | null): number {
  if (asked === null) return shards;
  if (shards === 1 && asked !== 1) {
    throw new UsageError(`Cannot cut batches into ${asked} shards with engine ${name}: it computes a batch at once`);
  }
  try {
    checkShards(asked);
  } catch (error) {
    throw UsageError.from(error, "--shards");
  }
  return asked;
}

/** A worker owns a subtree of the shards, so a power of two shares them best: 5 to 7 workers are no faster than 4. */
function chooseWorkers({ name, ...definition }: EngineDefinition, shards: number, asked: number | null, cores: number) {
  if (asked === null) return Math.min(shards, 2 ** Math.floor(Math.log2(Math.max(1, cores))));
  if (asked <= shards) return asked;
  if (definition.shards === 1) {
    throw new UsageError(
      `Cannot use ${asked} workers with engine ${name}: it computes a batch at once; leave --workers out`,
    );
  }
  throw new UsageError(
    `Cannot use ${asked} workers for ${shards} shards of a batch: use at most ${shards} workers, or more shards with ` +
      `--shards, which changes the last bits of results`,
  );
}

/** A run as it stands after a step: all that going on needs, as one sealed safetensors file. Its tensors are named
 *  GROUP:NAME; the tensor `state` holds JSON. @module */

import { z } from "zod";
import { seal, unseal } from "../models/sealed.ts";
import type { StoredTensor } from "../models/safetensors.ts";
import { alarmPointSchema, pointSchema } from "./result.ts";
import { clockStateSchema } from "./clock.ts";
import { stepRecordStateSchema } from "./step_record.ts";

const FORMAT = "yopo-bench/checkpoint@1", STATE = "state";

const count = z.int().min(0);

export const judgeStateSchema = z.strictObject({
  points: z.array(pointSchema),
  /** The best point, whose weights are the group `best`. */
  best: pointSchema.nullable(),
  /** Step of the group `previous`. */
  previousStep: count.nullable(),
  /** Steps of the groups `crossed-TARGET`. */
  crossed: z.array(z.strictObject({ target: z.number(), step: count })),
  told: z.array(z.string()),
});

export const alarmStateSchema = z.strictObject({ points: z.array(alarmPointSchema), told: z.array(z.string()) });

const stateSchema = z.strictObject({
  record: stepRecordStateSchema,
  /** Training examples before the last step: what was due after it may not be done. */
  examplesBefore: count,
  clock: clockStateSchema,
  judge: judgeStateSchema,
  alarm: alarmStateSchema,
});

export type JudgeState = z.infer<typeof judgeStateSchema>;
export type AlarmState = z.infer<typeof alarmStateSchema>;
export type CheckpointState = z.infer<typeof stateSchema>;

/** Tensors by name. */
export type TensorGroup = ReadonlyMap<string, Pick<StoredTensor, "shape" | "values">>;

export interface Checkpoint {
  readonly state: CheckpointState;
  /** `parameters`, `optimizer`, `method`, and the kept weights `best`, `previous`, `crossed-TARGET`. */
  readonly groups: ReadonlyMap<string, TensorGroup>;
}

/** A checkpoint as a file's bytes. */
export function encodeCheckpoint({ state, groups }: Checkpoint): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(state));
  const tensors = [...groups].flatMap(([group, members]) =>
    [...members].map(([name, tensor]) => [`${group}:${name}`, tensor] as const)
  );
  return seal(new Map([[STATE, { shape: [text.length], values: text }], ...tensors]), { format: FORMAT });
}

/** @throws {SyntaxError} When the bytes are not those of a checkpoint that was written. */
export function decodeCheckpoint(bytes: Uint8Array, source: string): Checkpoint {
  const { tensors, metadata } = unseal(bytes, source), text = tensors.get(STATE);
  if (metadata.get("format") !== FORMAT || text?.dtype !== "U8") {
    throw new SyntaxError(`Cannot read ${source}: it is no checkpoint of this version`);
  }
  const { success, data } = stateSchema.safeParse(parse(new TextDecoder().decode(text.values)));
  if (!success) throw new SyntaxError(`Cannot read ${source}: its state is not that of this version`);
  const groups = new Map<string, Map<string, StoredTensor>>();
  for (const [name, tensor] of tensors) {
    if (name === STATE) continue;
    const at = name.indexOf(":"), group = name.slice(0, at);
    if (!groups.has(group)) groups.set(group, new Map());
    groups.get(group)!.set(name.slice(at + 1), tensor);
  }
  return { state: data, groups };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Safetensors files that state the hash of their own contents: one that a disk, a network or a hand has changed is refused
 *  and never read as another. @module */

import { createHash } from "node:crypto";
import { readSafetensors, type Safetensors, type TensorsToStore, writeSafetensors } from "./safetensors.ts";

const HASH = "contentSha256";

/** A safetensors file whose metadata has the hash of all else in it. */
export function seal(tensors: TensorsToStore, metadata: Readonly<Record<string, string>>): Uint8Array {
  return writeSafetensors(tensors, { ...metadata, [HASH]: contentHash(tensors, Object.entries(metadata)) });
}

/** What was sealed. @throws {SyntaxError} When the bytes are not those that were written. */
export function unseal(bytes: Uint8Array, source: string): Safetensors {
  const { tensors, metadata } = readSafetensors(bytes, source);
  const own = new Map(metadata), stated = own.get(HASH);
  own.delete(HASH);
  if (stated !== contentHash(tensors, [...own])) {
    throw new SyntaxError(`Cannot read ${source}: its contents do not have the hash that it states`);
  }
  return { tensors, metadata: own };
}

function contentHash(tensors: TensorsToStore, metadata: readonly (readonly [string, string])[]): string {
  const hash = createHash("sha256").update(JSON.stringify(metadata));
  for (const [name, { shape, values }] of tensors) {
    hash.update(JSON.stringify([name, shape, values.constructor.name]));
    hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  return hash.digest("hex");
}

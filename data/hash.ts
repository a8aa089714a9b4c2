/** Hashes that name the data a run used. @module */

import { createHash } from "node:crypto";
import type { Dataset, Split } from "./dataset.ts";

/** SHA-256 of the parts one after another, in lower-case hexadecimal. */
export function sha256(...parts: readonly Uint8Array[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
}

/**
 * SHA-256 over the images and labels of train, validation and final, in this order and in index order. Each of the six
 * parts ("train.images", "train.labels", "validation.images", ...) counts as its name in UTF-8, a zero byte, the type
 * "uint8", its shape as 32-bit little-endian words (`[count, height, width, channels]` or `[count]`) and its bytes.
 */
export function dataSha256(data: Pick<Dataset, "shape" | "train" | "validation" | "final">): string {
  const parts = (["train", "validation", "final"] as const).flatMap((role) => splitParts(role, data[role], data.shape));
  return sha256(...parts);
}

function splitParts(role: string, { images, labels }: Split, shape: readonly number[]): Uint8Array[] {
  return [
    partHeader(`${role}.images`, [labels.length, ...shape]),
    images,
    partHeader(`${role}.labels`, [labels.length]),
    labels,
  ];
}

function partHeader(name: string, shape: readonly number[]): Uint8Array {
  const text = new TextEncoder().encode(`${name}\0uint8`);
  const header = new Uint8Array(text.length + 4 * shape.length);
  header.set(text);
  const view = new DataView(header.buffer);
  shape.forEach((size, axis) => view.setUint32(text.length + 4 * axis, size, true));
  return header;
}

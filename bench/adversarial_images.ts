/** Adversarial images out of the outcomes that an evaluation kept: those of images that are classified correctly without the
 *  attack. @module */

import type { Split } from "../data/dataset.ts";
import { batch as gather } from "../data/batches.ts";
import { writeSafetensors } from "../models/safetensors.ts";
import { decodeOutcomes } from "../statistics/outcome_bits.ts";
import { decodeChunk, type OutcomeChunk } from "./outcome_store.ts";
import type { RobustRow } from "./result.ts";

/** An image that fools the network; pixels in 0..1, `[height · width · channels]`. */
export interface AdversarialImage {
  /** Place in the split, from 0. */
  readonly position: number;
  readonly clean: Float32Array;
  readonly adversarial: Float32Array;
  readonly label: number;
  readonly predictedClean: number;
  readonly predictedAdversarial: number;
}

/**
 * The images of one attack, by position.
 *
 * @param files The chunks of the whole evaluation.
 * @param row What the evaluation says of the attack: an image that was refuted at the end is none of its images.
 */
export async function adversarialImages(
  files: readonly string[],
  split: Split,
  { attack: key, correctBits, count }: Pick<RobustRow, "attack" | "correctBits" | "count">,
): Promise<AdversarialImage[]> {
  const correct = correctBits === undefined ? null : decodeOutcomes(correctBits, count);
  const clean = new Map<number, number>(),
    found = new Map<number, Pick<AdversarialImage, "adversarial" | "predictedAdversarial">>();
  for (const file of files) {
    const { sweep, chunk } = decodeChunk(await Deno.readFile(file), file);
    if (sweep === "clean") chunk.positions.forEach((position, i) => clean.set(position, chunk.predicted[i]!));
    else if (sweep === key || sweep.startsWith(`${key}/`)) {
      fooledOf(chunk).forEach(([position, image]) => found.set(position, image));
    }
  }
  return [...found].sort(([a], [b]) => a - b).flatMap(([position, image]) => {
    const label = split.labels[position]!, predictedClean = clean.get(position)!;
    if (predictedClean !== label || correct?.[position] === 1) return [];
    return [{ position, clean: gather(split, Uint32Array.of(position)).x, label, predictedClean, ...image }];
  });
}

function fooledOf({ positions, outcomes, predicted, images }: OutcomeChunk) {
  const fooled = Array.from(positions, (_, i) => i).filter((i) => outcomes[i] === 0),
    pixels = images.length / fooled.length;
  return fooled.map((i, row) => {
    const image = {
      adversarial: images.subarray(row * pixels, (row + 1) * pixels),
      predictedAdversarial: predicted[i]!,
    };
    return [positions[i]!, image] as const;
  });
}

/** The images as a safetensors file: clean and adversarial `[count, height, width, channels]`, the rest `[count]`. */
export function encodeAdversarialImages(
  images: readonly AdversarialImage[],
  shape: readonly [number, number, number],
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const pixels = (of: "clean" | "adversarial") => {
    const values = new Float32Array(images.length * shape[0] * shape[1] * shape[2]);
    images.forEach((image, i) => values.set(image[of], i * values.length / images.length));
    return { shape: [images.length, ...shape], values };
  };
  const numbers = (of: "label" | "predictedClean" | "predictedAdversarial" | "position") => {
    return { shape: [images.length], values: BigInt64Array.from(images, (image) => BigInt(image[of])) };
  };
  return writeSafetensors(
    new Map<string, { shape: number[]; values: Float32Array | BigInt64Array }>([
      ["clean", pixels("clean")],
      ["adversarial", pixels("adversarial")],
      ["label", numbers("label")],
      ["predictedClean", numbers("predictedClean")],
      ["predictedAdversarial", numbers("predictedAdversarial")],
      ["position", numbers("position")],
    ]),
    metadata,
  );
}

/** Yes-or-no outcomes of many images as text: one bit an image, lowest bit first, bytes in hexadecimal. @module */

/** @param outcomes 0 or 1 for each image. */
export function encodeOutcomes(outcomes: ArrayLike<number>): string {
  const bytes = new Uint8Array(Math.ceil(outcomes.length / 8));
  for (let i = 0; i < outcomes.length; i++) if (outcomes[i]) bytes[i >> 3]! |= 1 << (i & 7);
  return bytes.toHex();
}

/**
 * Outcomes of the first `count` images.
 *
 * @throws {RangeError} When the text holds fewer.
 */
export function decodeOutcomes(text: string, count: number): Uint8Array {
  const bytes = Uint8Array.fromHex(text);
  if (bytes.length * 8 < count) {
    throw new RangeError(`Cannot read outcomes of ${count} images: the text holds ${bytes.length * 8} at most`);
  }
  return Uint8Array.from({ length: count }, (_, i) => bytes[i >> 3]! >> (i & 7) & 1);
}

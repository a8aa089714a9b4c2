/** Threat models: their check and how they read in labels and tables. @module */

import type { Norm, ThreatModel } from "./attack.ts";

const SYMBOLS: Readonly<Record<Norm, string>> = { linf: "L∞", l2: "L2" };

/**
 * Checks a threat model before any tensor exists.
 *
 * @throws {RangeError} When the norm is unknown, ε is not a positive finite number, or an L∞ radius exceeds the pixel range.
 */
export function checkThreatModel({ norm, epsilon }: ThreatModel): void {
  if (!Object.hasOwn(SYMBOLS, norm)) {
    throw new RangeError(`Cannot attack in the norm "${norm}": expected ${Object.keys(SYMBOLS).join(" or ")}`);
  }
  if (!Number.isFinite(epsilon) || epsilon <= 0) {
    throw new RangeError(`Cannot attack with epsilon ${epsilon}: it must be a number above 0, in pixel values of 0..1`);
  }
  if (norm === "linf" && epsilon > 1) {
    throw new RangeError(`Cannot attack with epsilon ${epsilon}: pixels lie in 0..1; write 8/255 as ${8 / 255}`);
  }
}

/** A pixel value as people write it: 0.3, 8/255 where that is what it is, else six significant digits. */
export function formatPixelValue(value: number): string {
  const decimal = String(value);
  if (decimal.length <= 6) return decimal;
  const of255 = Math.round(value * 255);
  if (of255 !== 0 && Math.abs(value * 255 - of255) <= 1e-12 * Math.abs(of255)) return `${of255}/255`;
  return String(Number(value.toPrecision(6)));
}

/** "L∞ ε=8/255" or "L2 ε=2". */
export function formatThreatModel({ norm, epsilon }: ThreatModel): string {
  return `${SYMBOLS[norm]} ε=${formatPixelValue(epsilon)}`;
}

/** How each kind of quantity is compared, and how much it may differ. The numbers are those of the fixtures' README,
 *  where "seen" differences between two float32 implementations stand beside them. @module */

/** A way to compare, with its limit. */
export interface Tolerance {
  readonly limit: number;
  /** How far `actual` is from `expected`, both flattened and equally long; NaN where either holds one. */
  error(actual: ArrayLike<number>, expected: ArrayLike<number>): number;
}

/** max|a − b| / max|b|. */
function relative(limit: number): Tolerance {
  return {
    limit,
    error(actual, expected) {
      const difference = largest(actual, (value, i) => value - expected[i]!);
      return difference === 0 ? 0 : difference / largest(expected, (value) => value);
    },
  };
}

/** Share of the elements that are off by more than `threshold`. */
function shareOff(threshold: number, limit: number): Tolerance {
  return {
    limit,
    error(actual, expected) {
      let off = 0;
      for (let i = 0; i < expected.length; i++) {
        if (!(Math.abs(actual[i]! - expected[i]!) <= threshold)) off++;
      }
      return off / expected.length;
    },
  };
}

function largest(values: ArrayLike<number>, of: (value: number, i: number) => number): number {
  let result = 0;
  for (let i = 0; i < values.length; i++) result = Math.max(result, Math.abs(of(values[i]!, i)));
  return result;
}

/** Copies: not one bit may change. */
export const EXACT: Tolerance = {
  limit: 0,
  error: (actual, expected) => largest(actual, (value, i) => value - expected[i]!),
};

/** Logits, losses and activations of one forward pass. */
export const FORWARD = relative(1e-5);

/** Gradients, p and gradient norms of one pass, and of YOPO's steps. */
export const GRADIENT = relative(1e-4);

/** Parameters after optimizer steps. */
export const PARAMETER = relative(1e-5);

/** Pixels of YOPO's η: off by more than 1e-5. */
export const YOPO_PIXELS = shareOff(1e-5, 0.001);

/** Pixels of FGSM's images: off by more than 1e-4. */
export const FGSM_PIXELS = shareOff(1e-4, 0.005);

/** Pixels of images after several steps, where one flipped sign grows: off by more than 1e-4. */
export const PGD_PIXELS = shareOff(1e-4, 0.05);

/** Losses of attacked images: off by more than 0.1 nats. */
export const ATTACKED_LOSS = shareOff(0.1, 0.05);

/** Number of images still correct, from 1 (correct) or 0 per image. */
export function correctImages(count: number): Tolerance {
  const sum = (values: ArrayLike<number>) => Array.from(values).reduce((total, value) => total + value, 0);
  return { limit: imageLimit(count), error: (actual, expected) => Math.abs(sum(actual) - sum(expected)) };
}

/** Accuracies of `count` images as fractions; the error is in images. */
export function accuracies(count: number): Tolerance {
  return {
    limit: imageLimit(count),
    error: (actual, expected) => Math.round(count * largest(actual, (value, i) => value - expected[i]!)),
  };
}

/** One image in a batch, two in hundreds. */
function imageLimit(count: number): number {
  return count < 100 ? 1 : 2;
}

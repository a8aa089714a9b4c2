// Products of row-major matrices.
import { outerProduct } from "./outer_blocks";
import { productLine } from "./product_blocks";

/** Rows of Aᵀ·B's factors that are taken at once: few enough to stay in the cache where their stride is a power of two. */
const BAND = 32;

/**
 * out = max(floor, A·B + bias), `[rows, columns]`, with A `[rows, inner]`, B by packPanels, bias of a multiple of 8 floats.
 *
 * @param band Rows that are multiplied with one panel before the next is fetched.
 * @param tile Scratch of 192 bytes.
 */
export function multiply(
  a: usize,
  rows: i32,
  inner: i32,
  packed: usize,
  bias: usize,
  out: usize,
  columns: i32,
  floor: f32,
  band: i32,
  tile: usize,
): void {
  const length = <usize> inner << 2, outStep = <usize> columns << 2;
  for (let row = 0; row < rows; row += band) {
    const count = min(band, rows - row);
    for (let k = 0; k < columns; k += 8) {
      productLine(
        a,
        length,
        0,
        1,
        length,
        packed + k * length,
        bias + (k << 2),
        out + (k << 2),
        outStep,
        count,
        columns - k,
        floor,
        tile,
      );
    }
    a += count * length;
    out += count * outStep;
  }
}

/** out = Aᵀ·B, `[m, k]`, with A `[rows, m]` and B `[rows, k]`. */
export function multiplyTransposed(a: usize, b: usize, rows: i32, m: i32, k: i32, out: usize): void {
  const aStep = <usize> m << 2, bStep = <usize> k << 2;
  memory.fill(out, 0, m * bStep);
  for (let row = 0; row < rows; row += BAND) {
    const count = min(BAND, rows - row);
    outerProduct(a, 0, aStep, m, b, 0, bStep, k, 1, count, out, bStep);
    a += count * aStep;
    b += count * bStep;
  }
}

// Factors laid out as the register blocks of product_blocks.ts read them.

/**
 * packed[panel, tap, i, k] = factor[tap, i, 8·panel + k], where factor's element of tap (r, c), inner index i and outer
 * index o is at factor + r·rowStep + c·columnStep + i·innerStep + o·outerStep bytes. The last panel ends in zeros.
 */
export function packPanels(
  factor: usize,
  packed: usize,
  rows: i32,
  columns: i32,
  rowStep: usize,
  columnStep: usize,
  inner: i32,
  innerStep: usize,
  outer: i32,
  outerStep: usize,
): void {
  for (let first = 0; first < outer; first += 8) {
    const count = min(8, outer - first);
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < columns; c++) {
        let from = factor + r * rowStep + c * columnStep + first * outerStep;
        for (let i = 0; i < inner; i++, from += innerStep, packed += 32) packEight(from, outerStep, packed, count);
      }
    }
  }
}

function packEight(from: usize, step: usize, to: usize, count: i32): void {
  if (count == 8 && step == 4) {
    v128.store(to, v128.load(from));
    v128.store(to, v128.load(from, 16), 16);
    return;
  }
  for (let k = 0; k < 8; k++, from += step) store<f32>(to + (k << 2), k < count ? load<f32>(from) : 0);
}

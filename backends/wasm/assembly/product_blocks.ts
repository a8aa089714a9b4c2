// Products in registers: 6 or 5, 4, 2 or 1 positions by 8 channels. For position p and channel k,
//   out[p, k] = max(floor, bias[k] + Σ over r < rows, i < length of a[p·step + r·row + i] · w[r, i, k]),
// summed in this order whatever the block, so that a position's bits do not depend on its neighbours. Steps and lengths
// are in bytes; w is [rows, length, 8], bias 8 floats. 6 x 8 sums and their factors take all 16 registers of a CPU without
// AVX-512; where products are rounded on their own they need registers too, and 5 x 8 is the most that fits.
import { multiplyAdd } from "./multiply_add";

/** `count` positions, of which the first `columns` (at most 8) channels are written. `tile` is scratch of 192 bytes. */
export function productLine(
  a: usize,
  step: usize,
  row: usize,
  rows: i32,
  length: usize,
  w: usize,
  bias: usize,
  out: usize,
  outStep: usize,
  count: i32,
  columns: i32,
  floor: f32,
  tile: usize,
): void {
  const isWhole = columns >= 8;
  while (count > 0) {
    const size = blockSize(count);
    const to = isWhole ? out : tile, toStep = isWhole ? outStep : 32;
    if (ASC_FEATURE_RELAXED_SIMD && size == 6) block6(a, step, row, rows, length, w, bias, to, toStep, floor);
    else if (!ASC_FEATURE_RELAXED_SIMD && size == 5) block5(a, step, row, rows, length, w, bias, to, toStep, floor);
    else if (size == 4) block4(a, step, row, rows, length, w, bias, to, toStep, floor);
    else if (size == 2) block2(a, step, row, rows, length, w, bias, to, toStep, floor);
    else block1(a, row, rows, length, w, bias, to, floor);
    if (!isWhole) {
      for (let p = 0; p < size; p++) memory.copy(out + p * outStep, tile + p * 32, columns << 2);
    }
    a += size * step;
    out += size * outStep;
    count -= size;
  }
}

/** The largest block that leaves no position alone. */
function blockSize(count: i32): i32 {
  const largest = ASC_FEATURE_RELAXED_SIMD ? 6 : 5;
  if (count >= largest && count != 8 && count != largest + 1) return largest;
  return count >= 4 ? 4 : count >= 2 ? 2 : 1;
}

function block6(
  a: usize,
  step: usize,
  row: usize,
  rows: i32,
  length: usize,
  w: usize,
  bias: usize,
  out: usize,
  outStep: usize,
  floor: f32,
): void {
  let a0 = v128.load(bias), a1 = v128.load(bias, 16), b0 = a0, b1 = a1, c0 = a0, c1 = a1;
  let d0 = a0, d1 = a1, e0 = a0, e1 = a1, f0 = a0, f1 = a1;
  const step2 = step * 2, step3 = step * 3, step4 = step * 4, step5 = step * 5;
  for (; rows > 0; rows--, a += row) {
    for (let q = a, end = a + length; q < end; q += 4, w += 32) {
      const w0 = v128.load(w), w1 = v128.load(w, 16);
      let t = v128.load32_splat(q);
      a0 = multiplyAdd(t, w0, a0);
      a1 = multiplyAdd(t, w1, a1);
      t = v128.load32_splat(q + step);
      b0 = multiplyAdd(t, w0, b0);
      b1 = multiplyAdd(t, w1, b1);
      t = v128.load32_splat(q + step2);
      c0 = multiplyAdd(t, w0, c0);
      c1 = multiplyAdd(t, w1, c1);
      t = v128.load32_splat(q + step3);
      d0 = multiplyAdd(t, w0, d0);
      d1 = multiplyAdd(t, w1, d1);
      t = v128.load32_splat(q + step4);
      e0 = multiplyAdd(t, w0, e0);
      e1 = multiplyAdd(t, w1, e1);
      t = v128.load32_splat(q + step5);
      f0 = multiplyAdd(t, w0, f0);
      f1 = multiplyAdd(t, w1, f1);
    }
  }
  const least = f32x4.splat(floor);
  storePair(out, a0, a1, least);
  storePair(out + outStep, b0, b1, least);
  storePair(out + 2 * outStep, c0, c1, least);
  storePair(out + 3 * outStep, d0, d1, least);
  storePair(out + 4 * outStep, e0, e1, least);
  storePair(out + 5 * outStep, f0, f1, least);
}

function block5(
  a: usize,
  step: usize,
  row: usize,
  rows: i32,
  length: usize,
  w: usize,
  bias: usize,
  out: usize,
  outStep: usize,
  floor: f32,
): void {
  let a0 = v128.load(bias), a1 = v128.load(bias, 16), b0 = a0, b1 = a1, c0 = a0, c1 = a1;
  let d0 = a0, d1 = a1, e0 = a0, e1 = a1;
  const step2 = step * 2, step3 = step * 3, step4 = step * 4;
  for (; rows > 0; rows--, a += row) {
    for (let q = a, end = a + length; q < end; q += 4, w += 32) {
      const w0 = v128.load(w), w1 = v128.load(w, 16);
      let t = v128.load32_splat(q);
      a0 = multiplyAdd(t, w0, a0);
      a1 = multiplyAdd(t, w1, a1);
      t = v128.load32_splat(q + step);
      b0 = multiplyAdd(t, w0, b0);
      b1 = multiplyAdd(t, w1, b1);
      t = v128.load32_splat(q + step2);
      c0 = multiplyAdd(t, w0, c0);
      c1 = multiplyAdd(t, w1, c1);
      t = v128.load32_splat(q + step3);
      d0 = multiplyAdd(t, w0, d0);
      d1 = multiplyAdd(t, w1, d1);
      t = v128.load32_splat(q + step4);
      e0 = multiplyAdd(t, w0, e0);
      e1 = multiplyAdd(t, w1, e1);
    }
  }
  const least = f32x4.splat(floor);
  storePair(out, a0, a1, least);
  storePair(out + outStep, b0, b1, least);
  storePair(out + 2 * outStep, c0, c1, least);
  storePair(out + 3 * outStep, d0, d1, least);
  storePair(out + 4 * outStep, e0, e1, least);
}

function block4(
  a: usize,
  step: usize,
  row: usize,
  rows: i32,
  length: usize,
  w: usize,
  bias: usize,
  out: usize,
  outStep: usize,
  floor: f32,
): void {
  let a0 = v128.load(bias), a1 = v128.load(bias, 16), b0 = a0, b1 = a1, c0 = a0, c1 = a1, d0 = a0, d1 = a1;
  const step2 = step * 2, step3 = step * 3;
  for (; rows > 0; rows--, a += row) {
    for (let q = a, end = a + length; q < end; q += 4, w += 32) {
      const w0 = v128.load(w), w1 = v128.load(w, 16);
      let t = v128.load32_splat(q);
      a0 = multiplyAdd(t, w0, a0);
      a1 = multiplyAdd(t, w1, a1);
      t = v128.load32_splat(q + step);
      b0 = multiplyAdd(t, w0, b0);
      b1 = multiplyAdd(t, w1, b1);
      t = v128.load32_splat(q + step2);
      c0 = multiplyAdd(t, w0, c0);
      c1 = multiplyAdd(t, w1, c1);
      t = v128.load32_splat(q + step3);
      d0 = multiplyAdd(t, w0, d0);
      d1 = multiplyAdd(t, w1, d1);
    }
  }
  const least = f32x4.splat(floor);
  storePair(out, a0, a1, least);
  storePair(out + outStep, b0, b1, least);
  storePair(out + 2 * outStep, c0, c1, least);
  storePair(out + 3 * outStep, d0, d1, least);
}

function block2(
  a: usize,
  step: usize,
  row: usize,
  rows: i32,
  length: usize,
  w: usize,
  bias: usize,
  out: usize,
  outStep: usize,
  floor: f32,
): void {
  let a0 = v128.load(bias), a1 = v128.load(bias, 16), b0 = a0, b1 = a1;
  for (; rows > 0; rows--, a += row) {
    for (let q = a, end = a + length; q < end; q += 4, w += 32) {
      const w0 = v128.load(w), w1 = v128.load(w, 16);
      let t = v128.load32_splat(q);
      a0 = multiplyAdd(t, w0, a0);
      a1 = multiplyAdd(t, w1, a1);
      t = v128.load32_splat(q + step);
      b0 = multiplyAdd(t, w0, b0);
      b1 = multiplyAdd(t, w1, b1);
    }
  }
  const least = f32x4.splat(floor);
  storePair(out, a0, a1, least);
  storePair(out + outStep, b0, b1, least);
}

function block1(
  a: usize,
  row: usize,
  rows: i32,
  length: usize,
  w: usize,
  bias: usize,
  out: usize,
  floor: f32,
): void {
  let a0 = v128.load(bias), a1 = v128.load(bias, 16);
  for (; rows > 0; rows--, a += row) {
    for (let q = a, end = a + length; q < end; q += 4, w += 32) {
      const t = v128.load32_splat(q);
      a0 = multiplyAdd(t, v128.load(w), a0);
      a1 = multiplyAdd(t, v128.load(w, 16), a1);
    }
  }
  storePair(out, a0, a1, f32x4.splat(floor));
}

function storePair(out: usize, low: v128, high: v128, least: v128): void {
  v128.store(out, f32x4.pmax(low, least));
  v128.store(out, f32x4.pmax(high, least), 16);
}

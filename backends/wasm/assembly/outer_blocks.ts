// Products that sum over positions, in registers: 6, 4, 3, 2 or 1 rows by 8 columns. For row m and column k,
//   out[m·outStep + k] += Σ over r < rows, p < count of a[r·aRow + p·aStep + m] · b[r·bRow + p·bStep + k],
// summed in this order from 0 and then added: a sum over many calls rounds as one of few terms. Steps are in bytes.
import { multiplyAdd } from "./multiply_add";

/** All of an `m` x `k` product. */
export function outerProduct(
  a: usize,
  aRow: usize,
  aStep: usize,
  m: i32,
  b: usize,
  bRow: usize,
  bStep: usize,
  k: i32,
  rows: i32,
  count: i32,
  out: usize,
  outStep: usize,
): void {
  let column = 0;
  for (; column + 8 <= k; column += 8) {
    let i = 0, p = a, q = out + (column << 2);
    const d = b + (column << 2);
    if (ASC_FEATURE_RELAXED_SIMD) {
      for (; i + 6 <= m && m - i != 8; i += 6, p += 24, q += 6 * outStep) {
        outer6(p, aRow, aStep, d, bRow, bStep, rows, count, q, outStep);
      }
    }
    for (; i + 4 <= m; i += 4, p += 16, q += 4 * outStep) {
      outer4(p, aRow, aStep, d, bRow, bStep, rows, count, q, outStep);
    }
    if (m - i == 3) outer3(p, aRow, aStep, d, bRow, bStep, rows, count, q, outStep);
    else for (; i < m; i++, p += 4, q += outStep) outer1(p, aRow, aStep, d, bRow, bStep, rows, count, q);
  }
  for (; column < k; column++) {
    for (let i = 0; i < m; i++) {
      outerScalar(
        a + (i << 2),
        aRow,
        aStep,
        b + (column << 2),
        bRow,
        bStep,
        rows,
        count,
        out + i * outStep + (column << 2),
      );
    }
  }
}

function outer6(
  a: usize,
  aRow: usize,
  aStep: usize,
  b: usize,
  bRow: usize,
  bStep: usize,
  rows: i32,
  count: i32,
  out: usize,
  outStep: usize,
): void {
  const o1 = out + outStep, o2 = o1 + outStep, o3 = o2 + outStep, o4 = o3 + outStep, o5 = o4 + outStep;
  let a0 = f32x4.splat(0),
    a1 = a0,
    b0 = a0,
    b1 = a0,
    c0 = a0,
    c1 = a0,
    d0 = a0,
    d1 = a0,
    e0 = a0,
    e1 = a0,
    f0 = a0,
    f1 = a0;
  for (; rows > 0; rows--, a += aRow, b += bRow) {
    for (let p = a, q = b, end = b + count * bStep; q != end; p += aStep, q += bStep) {
      const w0 = v128.load(q), w1 = v128.load(q, 16);
      let t = v128.load32_splat(p);
      a0 = multiplyAdd(t, w0, a0);
      a1 = multiplyAdd(t, w1, a1);
      t = v128.load32_splat(p, 4);
      b0 = multiplyAdd(t, w0, b0);
      b1 = multiplyAdd(t, w1, b1);
      t = v128.load32_splat(p, 8);
      c0 = multiplyAdd(t, w0, c0);
      c1 = multiplyAdd(t, w1, c1);
      t = v128.load32_splat(p, 12);
      d0 = multiplyAdd(t, w0, d0);
      d1 = multiplyAdd(t, w1, d1);
      t = v128.load32_splat(p, 16);
      e0 = multiplyAdd(t, w0, e0);
      e1 = multiplyAdd(t, w1, e1);
      t = v128.load32_splat(p, 20);
      f0 = multiplyAdd(t, w0, f0);
      f1 = multiplyAdd(t, w1, f1);
    }
  }
  addPair(out, a0, a1);
  addPair(o1, b0, b1);
  addPair(o2, c0, c1);
  addPair(o3, d0, d1);
  addPair(o4, e0, e1);
  addPair(o5, f0, f1);
}

function outer4(
  a: usize,
  aRow: usize,
  aStep: usize,
  b: usize,
  bRow: usize,
  bStep: usize,
  rows: i32,
  count: i32,
  out: usize,
  outStep: usize,
): void {
  const o1 = out + outStep, o2 = o1 + outStep, o3 = o2 + outStep;
  let a0 = f32x4.splat(0), a1 = a0, b0 = a0, b1 = a0, c0 = a0, c1 = a0, d0 = a0, d1 = a0;
  for (; rows > 0; rows--, a += aRow, b += bRow) {
    for (let p = a, q = b, end = b + count * bStep; q != end; p += aStep, q += bStep) {
      const w0 = v128.load(q), w1 = v128.load(q, 16);
      let t = v128.load32_splat(p);
      a0 = multiplyAdd(t, w0, a0);
      a1 = multiplyAdd(t, w1, a1);
      t = v128.load32_splat(p, 4);
      b0 = multiplyAdd(t, w0, b0);
      b1 = multiplyAdd(t, w1, b1);
      t = v128.load32_splat(p, 8);
      c0 = multiplyAdd(t, w0, c0);
      c1 = multiplyAdd(t, w1, c1);
      t = v128.load32_splat(p, 12);
      d0 = multiplyAdd(t, w0, d0);
      d1 = multiplyAdd(t, w1, d1);
    }
  }
  addPair(out, a0, a1);
  addPair(o1, b0, b1);
  addPair(o2, c0, c1);
  addPair(o3, d0, d1);
}

function outer3(
  a: usize,
  aRow: usize,
  aStep: usize,
  b: usize,
  bRow: usize,
  bStep: usize,
  rows: i32,
  count: i32,
  out: usize,
  outStep: usize,
): void {
  const o1 = out + outStep, o2 = o1 + outStep;
  let a0 = f32x4.splat(0), a1 = a0, b0 = a0, b1 = a0, c0 = a0, c1 = a0;
  for (; rows > 0; rows--, a += aRow, b += bRow) {
    for (let p = a, q = b, end = b + count * bStep; q != end; p += aStep, q += bStep) {
      const w0 = v128.load(q), w1 = v128.load(q, 16);
      let t = v128.load32_splat(p);
      a0 = multiplyAdd(t, w0, a0);
      a1 = multiplyAdd(t, w1, a1);
      t = v128.load32_splat(p, 4);
      b0 = multiplyAdd(t, w0, b0);
      b1 = multiplyAdd(t, w1, b1);
      t = v128.load32_splat(p, 8);
      c0 = multiplyAdd(t, w0, c0);
      c1 = multiplyAdd(t, w1, c1);
    }
  }
  addPair(out, a0, a1);
  addPair(o1, b0, b1);
  addPair(o2, c0, c1);
}

function outer1(
  a: usize,
  aRow: usize,
  aStep: usize,
  b: usize,
  bRow: usize,
  bStep: usize,
  rows: i32,
  count: i32,
  out: usize,
): void {
  let a0 = f32x4.splat(0), a1 = a0;
  for (; rows > 0; rows--, a += aRow, b += bRow) {
    for (let p = a, q = b, end = b + count * bStep; q != end; p += aStep, q += bStep) {
      const t = v128.load32_splat(p);
      a0 = multiplyAdd(t, v128.load(q), a0);
      a1 = multiplyAdd(t, v128.load(q, 16), a1);
    }
  }
  addPair(out, a0, a1);
}

function outerScalar(
  a: usize,
  aRow: usize,
  aStep: usize,
  b: usize,
  bRow: usize,
  bStep: usize,
  rows: i32,
  count: i32,
  out: usize,
): void {
  let sum: f32 = 0;
  for (; rows > 0; rows--, a += aRow, b += bRow) {
    for (let p = a, q = b, end = b + count * bStep; q != end; p += aStep, q += bStep) {
      sum += load<f32>(p) * load<f32>(q);
    }
  }
  store<f32>(out, load<f32>(out) + sum);
}

function addPair(out: usize, low: v128, high: v128): void {
  v128.store(out, f32x4.add(v128.load(out), low));
  v128.store(out, f32x4.add(v128.load(out, 16), high), 16);
}

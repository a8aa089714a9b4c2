// Batch normalisation over the rows of x `[rows, columns]`, a column a channel: Ioffe and Szegedy 2015, arXiv:1502.03167.
// Sums go by blocks of rows, as in sums.ts; what is summed over the whole batch is the caller's to add up. `floor` is the least
// output, 0 for ReLU, else −∞; a gradient dy passes where the output y is above it, or not a number.

import { BLOCK_ROWS } from "./sums";

function passed(dy: v128, y: v128, floor: v128): v128 {
  return v128.andnot(dy, f32x4.le(y, floor));
}

function passedOne(dy: f32, y: f32, floor: f32): f32 {
  return y <= floor ? 0 : dy;
}

/** out[column] = Σ over rows of (x − mean)². */
export function centredSquares(x: usize, mean: usize, out: usize, rows: i32, columns: i32): void {
  const row = <usize> columns << 2;
  memory.fill(out, 0, row);
  for (let first = 0; first < rows; first += BLOCK_ROWS) {
    const end = x + <usize> min(BLOCK_ROWS, rows - first) * row;
    let column: usize = 0;
    for (; column + 32 <= row; column += 32) {
      const centre = v128.load(mean + column), centre2 = v128.load(mean + column, 16);
      let a = f32x4.splat(0), b = a;
      for (let at = x + column; at < end; at += row) {
        const deviation = f32x4.sub(v128.load(at), centre), deviation2 = f32x4.sub(v128.load(at, 16), centre2);
        a = f32x4.add(a, f32x4.mul(deviation, deviation));
        b = f32x4.add(b, f32x4.mul(deviation2, deviation2));
      }
      const to = out + column;
      v128.store(to, f32x4.add(v128.load(to), a));
      v128.store(to, f32x4.add(v128.load(to, 16), b), 16);
    }
    for (; column < row; column += 4) {
      const centre = load<f32>(mean + column);
      let a: f32 = 0;
      for (let at = x + column; at < end; at += row) {
        const deviation = load<f32>(at) - centre;
        a += deviation * deviation;
      }
      store<f32>(out + column, load<f32>(out + column) + a);
    }
    x = end;
  }
}

/** y = max(floor, (x − mean) · factor + offset). */
export function normalize(
  x: usize,
  mean: usize,
  factor: usize,
  offset: usize,
  y: usize,
  rows: i32,
  columns: i32,
  floor: f32,
): void {
  const row = <usize> columns << 2, floors = f32x4.splat(floor);
  for (; rows > 0; rows--, x += row, y += row) {
    let c: usize = 0;
    for (; c + 16 <= row; c += 16) {
      const scaled = f32x4.mul(f32x4.sub(v128.load(x + c), v128.load(mean + c)), v128.load(factor + c));
      v128.store(y + c, f32x4.max(f32x4.add(scaled, v128.load(offset + c)), floors));
    }
    for (; c < row; c += 4) {
      const scaled = (load<f32>(x + c) - load<f32>(mean + c)) * load<f32>(factor + c);
      store<f32>(y + c, max(scaled + load<f32>(offset + c), floor));
    }
  }
}

/** out[column] = Σ over rows of dy, where it passes; out[columns + column] = Σ over rows of that · (x − mean). */
export function normalizationSums(
  dy: usize,
  y: usize,
  x: usize,
  mean: usize,
  out: usize,
  rows: i32,
  columns: i32,
  floor: f32,
): void {
  const row = <usize> columns << 2, floors = f32x4.splat(floor);
  const products = out + row;
  memory.fill(out, 0, 2 * row);
  for (let first = 0; first < rows; first += BLOCK_ROWS) {
    const block = <usize> min(BLOCK_ROWS, rows - first) * row;
    let c: usize = 0;
    for (; c + 32 <= row; c += 32) {
      const centre = v128.load(mean + c), centre2 = v128.load(mean + c, 16);
      let a = f32x4.splat(0), b = a, p = a, q = a;
      for (let at = c; at < block; at += row) {
        const d = passed(v128.load(dy + at), v128.load(y + at), floors);
        const d2 = passed(v128.load(dy + at, 16), v128.load(y + at, 16), floors);
        a = f32x4.add(a, d);
        b = f32x4.add(b, d2);
        p = f32x4.add(p, f32x4.mul(d, f32x4.sub(v128.load(x + at), centre)));
        q = f32x4.add(q, f32x4.mul(d2, f32x4.sub(v128.load(x + at, 16), centre2)));
      }
      v128.store(out + c, f32x4.add(v128.load(out + c), a));
      v128.store(out + c, f32x4.add(v128.load(out + c, 16), b), 16);
      v128.store(products + c, f32x4.add(v128.load(products + c), p));
      v128.store(products + c, f32x4.add(v128.load(products + c, 16), q), 16);
    }
    for (; c < row; c += 4) {
      const centre = load<f32>(mean + c);
      let a: f32 = 0, p: f32 = 0;
      for (let at = c; at < block; at += row) {
        const d = passedOne(load<f32>(dy + at), load<f32>(y + at), floor);
        a += d;
        p += d * (load<f32>(x + at) - centre);
      }
      store<f32>(out + c, load<f32>(out + c) + a);
      store<f32>(products + c, load<f32>(products + c) + p);
    }
    dy += block;
    y += block;
    x += block;
  }
}

/** dx = factor · (dy − shift − (x − mean) · slope), dy where it passes. */
export function normalizationGradient(
  dy: usize,
  y: usize,
  x: usize,
  mean: usize,
  factor: usize,
  shift: usize,
  slope: usize,
  dx: usize,
  rows: i32,
  columns: i32,
  floor: f32,
): void {
  const row = <usize> columns << 2, floors = f32x4.splat(floor);
  for (; rows > 0; rows--, dy += row, y += row, x += row, dx += row) {
    let c: usize = 0;
    for (; c + 16 <= row; c += 16) {
      const along = f32x4.mul(f32x4.sub(v128.load(x + c), v128.load(mean + c)), v128.load(slope + c));
      const d = passed(v128.load(dy + c), v128.load(y + c), floors);
      const across = f32x4.sub(f32x4.sub(d, v128.load(shift + c)), along);
      v128.store(dx + c, f32x4.mul(across, v128.load(factor + c)));
    }
    for (; c < row; c += 4) {
      const along = (load<f32>(x + c) - load<f32>(mean + c)) * load<f32>(slope + c);
      const across = passedOne(load<f32>(dy + c), load<f32>(y + c), floor) - load<f32>(shift + c) - along;
      store<f32>(dx + c, across * load<f32>(factor + c));
    }
  }
}

/** dx = factor · dy, dy where it passes. */
export function fixedNormalizationGradient(
  dy: usize,
  y: usize,
  factor: usize,
  dx: usize,
  rows: i32,
  columns: i32,
  floor: f32,
): void {
  const row = <usize> columns << 2, floors = f32x4.splat(floor);
  for (; rows > 0; rows--, dy += row, y += row, dx += row) {
    let c: usize = 0;
    for (; c + 16 <= row; c += 16) {
      const d = passed(v128.load(dy + c), v128.load(y + c), floors);
      v128.store(dx + c, f32x4.mul(d, v128.load(factor + c)));
    }
    for (; c < row; c += 4) {
      store<f32>(dx + c, passedOne(load<f32>(dy + c), load<f32>(y + c), floor) * load<f32>(factor + c));
    }
  }
}

// Sums over the rows of a matrix, in blocks: each block's sum is rounded on its own, so that errors grow with the number of
// blocks and not of rows. The order depends on the numbers of rows and columns alone.

/** Rows of a block. */
export const BLOCK_ROWS: i32 = 256;

/** out[column] = Σ over rows of x `[rows, columns]`. */
export function columnSums(x: usize, out: usize, rows: i32, columns: i32): void {
  const row = <usize> columns << 2;
  memory.fill(out, 0, row);
  for (let first = 0; first < rows; first += BLOCK_ROWS) {
    const end = x + <usize> min(BLOCK_ROWS, rows - first) * row;
    let column: usize = 0;
    for (; column + 64 <= row; column += 64) {
      let a = f32x4.splat(0), b = a, c = a, d = a;
      for (let at = x + column; at < end; at += row) {
        a = f32x4.add(a, v128.load(at));
        b = f32x4.add(b, v128.load(at, 16));
        c = f32x4.add(c, v128.load(at, 32));
        d = f32x4.add(d, v128.load(at, 48));
      }
      const to = out + column;
      v128.store(to, f32x4.add(v128.load(to), a));
      v128.store(to, f32x4.add(v128.load(to, 16), b), 16);
      v128.store(to, f32x4.add(v128.load(to, 32), c), 32);
      v128.store(to, f32x4.add(v128.load(to, 48), d), 48);
    }
    for (; column + 16 <= row; column += 16) {
      let a = f32x4.splat(0);
      for (let at = x + column; at < end; at += row) a = f32x4.add(a, v128.load(at));
      v128.store(out + column, f32x4.add(v128.load(out + column), a));
    }
    for (; column < row; column += 4) {
      let a: f32 = 0;
      for (let at = x + column; at < end; at += row) a += load<f32>(at);
      store<f32>(out + column, load<f32>(out + column) + a);
    }
    x = end;
  }
}

/** out[0] = Σ of `count` floats, added in float64. */
export function sum(x: usize, out: usize, count: i32): void {
  let total: f64 = 0;
  for (const end = x + (<usize> count << 2); x < end; x += 4) total += <f64> load<f32>(x);
  store<f32>(out, <f32> total);
}

// Rectified linear units.

/** out[i] = dy[i] where y[i] > 0, else 0: the gradient of ReLU with output y. `count` floats each. */
export function reluGradient(dy: usize, y: usize, out: usize, count: i32): void {
  const zero = f32x4.splat(0);
  const end = out + (<usize> count << 2), vectorEnd = end - 15;
  for (; out < vectorEnd; out += 16, dy += 16, y += 16) {
    v128.store(out, v128.and(v128.load(dy), f32x4.gt(v128.load(y), zero)));
  }
  for (; out < end; out += 4, dy += 4, y += 4) store<f32>(out, load<f32>(y) > 0 ? load<f32>(dy) : 0);
}

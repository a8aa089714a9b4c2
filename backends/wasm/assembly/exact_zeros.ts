// Winograd's method leaves rounding residues where an input gradient is exactly zero: no dy within the filter's reach. Signs
// of gradients decide attacks, so these pixels are cleared again.

/**
 * dx = 0 at every pixel [N, H, W, C] that no non-zero pixel of dy [N, OH, OW, K] reaches through a filter of stride 1 with
 * rows x columns taps and `top`, `left` pixels of padding. `reached` is scratch of H·W bytes. K is a multiple of 4.
 */
export function clearUnreached(
  dy: usize,
  count: i32,
  outHeight: i32,
  outWidth: i32,
  outChannels: i32,
  dx: usize,
  height: i32,
  width: i32,
  channels: i32,
  rows: i32,
  columns: i32,
  top: i32,
  left: i32,
  reached: usize,
): void {
  const pixel = <usize> channels << 2, upstream = <usize> outChannels << 2;
  for (let image = 0; image < count; image++) {
    memory.fill(reached, 0, height * width);
    for (let y = 0; y < outHeight; y++) {
      for (let x = 0; x < outWidth; x++, dy += upstream) {
        if (!isZero(dy, upstream)) mark(reached, height, width, y - top, x - left, rows, columns);
      }
    }
    for (let i = 0; i < height * width; i++, dx += pixel) if (load<u8>(reached + i) == 0) memory.fill(dx, 0, pixel);
  }
}

/** Sets rows x columns bytes from (y, x) on, as far as they lie inside. */
function mark(reached: usize, height: i32, width: i32, y: i32, x: i32, rows: i32, columns: i32): void {
  const first = max(x, 0), length = min(x + columns, width) - first;
  if (length <= 0) return;
  for (let row = max(y, 0); row < min(y + rows, height); row++) memory.fill(reached + row * width + first, 1, length);
}

/** Whether all floats in `bytes` bytes, a multiple of 16, are zero. */
function isZero(at: usize, bytes: usize): boolean {
  const end = at + bytes;
  for (; at < end; at += 16) if (v128.any_true(f32x4.ne(v128.load(at), f32x4.splat(0)))) return false;
  return true;
}

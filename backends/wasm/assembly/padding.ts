// Images with zeros around.

/** An image shifted down by `top` and right by `left`, which may be negative, on a canvas of zeros. */
export function padImage(
  x: usize,
  to: usize,
  height: i32,
  width: i32,
  pixel: usize,
  top: i32,
  left: i32,
  toHeight: i32,
  toWidth: i32,
): void {
  const row = width * pixel, toRow = toWidth * pixel;
  const skipped = max(0, -left), before = min(toWidth, max(0, left));
  const copied = max(0, min(width - skipped, toWidth - before));
  const begin = before * pixel, end = begin + copied * pixel;
  for (let y = -top; y < toHeight - top; y++, to += toRow) {
    if (y < 0 || y >= height) {
      memory.fill(to, 0, toRow);
      continue;
    }
    if (begin > 0) memory.fill(to, 0, begin);
    memory.copy(to + begin, x + y * row + skipped * pixel, end - begin);
    if (toRow > end) memory.fill(to + end, 0, toRow - end);
  }
}

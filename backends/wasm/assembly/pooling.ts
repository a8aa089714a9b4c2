// 2x2 max pooling with stride 2.

/**
 * dx = dy at the first maximum (in row-major order) of each cell of x, 0 elsewhere. x and dx `[batch, height, width,
 * channels]`, dy `[batch, floor(height / 2), floor(width / 2), channels]`.
 */
export function maxPoolGradient(
  x: usize,
  dy: usize,
  dx: usize,
  batch: i32,
  height: i32,
  width: i32,
  channels: i32,
): void {
  const outHeight = height >> 1, outWidth = width >> 1;
  const pixel = <usize> channels << 2, row = <usize> width * pixel;
  if ((height | width) & 1) memory.fill(dx, 0, <usize> (batch * height) * row); // rows and columns outside every cell
  for (let image = 0; image < batch; image++) {
    for (let i = 0; i < outHeight; i++) {
      const start = <usize> (image * height + 2 * i) * row;
      let cell = x + start, to = dx + start;
      for (let j = 0; j < outWidth; j++, cell += 2 * pixel, to += 2 * pixel, dy += pixel) {
        cellGradient(cell, dy, to, pixel, row);
      }
    }
  }
}

function cellGradient(cell: usize, dy: usize, to: usize, pixel: usize, row: usize): void {
  const diagonal = row + pixel;
  let c: usize = 0;
  for (; c + 16 <= pixel; c += 16) {
    const x0 = v128.load(cell + c), x1 = v128.load(cell + c + pixel);
    const x2 = v128.load(cell + c + row), x3 = v128.load(cell + c + diagonal);
    const largest = f32x4.pmax(f32x4.pmax(x0, x1), f32x4.pmax(x2, x3));
    let rest = v128.load(dy + c);
    let here = f32x4.eq(x0, largest);
    v128.store(to + c, v128.and(rest, here));
    rest = v128.andnot(rest, here);
    here = f32x4.eq(x1, largest);
    v128.store(to + c + pixel, v128.and(rest, here));
    rest = v128.andnot(rest, here);
    here = f32x4.eq(x2, largest);
    v128.store(to + c + row, v128.and(rest, here));
    v128.store(to + c + diagonal, v128.andnot(rest, here));
  }
  for (; c < pixel; c += 4) {
    let first = c, largest = load<f32>(cell + c);
    for (let place: usize = 1; place < 4; place++) {
      const at = c + (place & 1) * pixel + (place >> 1) * row;
      store<f32>(to + at, 0);
      if (load<f32>(cell + at) > largest) {
        largest = load<f32>(cell + at);
        first = at;
      }
    }
    store<f32>(to + c, 0);
    store<f32>(to + first, load<f32>(dy + c));
  }
}

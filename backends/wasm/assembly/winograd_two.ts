// The linear maps of Winograd's minimal filtering F(2x2, 3x3) and F(3x3, 2x2) at the points 0, 1, −1, ∞: Lavin and Gray 2015,
// arXiv:1509.09308, section 4. A 4x4 tile becomes 16 planes, `plane` bytes apart; four channels are mapped at once. `work` is
// scratch of 256 bytes.
//   Bᵀ = 1  0 −1  0    G = 1  0  0    Aᵀ = 1 1  1  0   and for the filter's gradient
//        0  1  1  0        ½  ½  ½         0 1 −1 −1   H = 1  0   Cᵀ = 1 ½  ½  0
//        0 −1  1  0        ½ −½  ½                         1  1        0 ½ −½  0
//        0  1  0 −1        0  0  1                         1 −1        0 ½  ½ −1
//                                                          0  1

/** planes = Bᵀ·d·B of the 4x4 tile d, whose pixels are `pixel` and rows `row` bytes apart. */
export function inputTwo(
  d: usize,
  row: usize,
  pixel: usize,
  planes: usize,
  plane: usize,
  channels: i32,
  work: usize,
): void {
  for (let c = 0; c < channels; c += 4, d += 16, planes += 16) {
    mapInput(d, pixel, row, work, 16, 64, 4);
    mapInput(work, 64, 16, planes, 4 * plane, plane, 4);
  }
}

/** Bᵀ·d of four vectors, `step` bytes apart, of which there are `count`, `next` bytes apart; likewise the results. */
function mapInput(
  d: usize,
  next: usize,
  step: usize,
  to: usize,
  toNext: usize,
  toStep: usize,
  count: i32,
): void {
  for (; count > 0; count--, d += next, to += toNext) {
    const d0 = v128.load(d), d1 = v128.load(d + step), d2 = v128.load(d + 2 * step), d3 = v128.load(d + 3 * step);
    v128.store(to, f32x4.sub(d0, d2));
    v128.store(to + toStep, f32x4.add(d1, d2));
    v128.store(to + 2 * toStep, f32x4.sub(d2, d1));
    v128.store(to + 3 * toStep, f32x4.sub(d1, d3));
  }
}

/** max(floor, Aᵀ·m·A + bias) of the 4x4 planes m: 2x2 pixels. */
export function outputTwo(
  m: usize,
  plane: usize,
  bias: usize,
  out: usize,
  row: usize,
  pixel: usize,
  channels: i32,
  floor: f32,
  work: usize,
): void {
  const zero = f32x4.splat(0), least = f32x4.splat(floor), none = f32x4.splat(-Infinity);
  for (let k = 0; k < channels; k += 4, m += 16, bias += 16, out += 16) {
    mapOutput(m, plane, 4 * plane, zero, none, work, 16, 64, 4);
    const added = v128.load(bias);
    mapOutput(work, 64, 16, added, least, out, row, pixel, 2);
  }
}

/** max(least, Aᵀ·m + added) of four vectors; steps as above. */
function mapOutput(
  m: usize,
  next: usize,
  step: usize,
  added: v128,
  least: v128,
  to: usize,
  toNext: usize,
  toStep: usize,
  count: i32,
): void {
  for (; count > 0; count--, m += next, to += toNext) {
    const m1 = v128.load(m + step), m2 = v128.load(m + 2 * step);
    const y0 = f32x4.add(f32x4.add(v128.load(m), m1), m2), y1 = f32x4.sub(f32x4.sub(m1, m2), v128.load(m + 3 * step));
    v128.store(to, f32x4.pmax(f32x4.add(y0, added), least));
    v128.store(to + toStep, f32x4.pmax(f32x4.add(y1, added), least));
  }
}

/** planes = G·g·Gᵀ of the 3x3 taps of four filters, each tap four floats, taps 16 bytes apart row by row. */
export function filterTwo(g: usize, planes: usize, plane: usize, work: usize): void {
  mapFilter(g, 16, 48, work, 16, 48, 3);
  mapFilter(work, 48, 16, planes, 4 * plane, plane, 4);
}

/** G·g of three vectors, `step` bytes apart, of which there are `count`, `next` bytes apart; likewise the results. */
function mapFilter(
  g: usize,
  next: usize,
  step: usize,
  to: usize,
  toNext: usize,
  toStep: usize,
  count: i32,
): void {
  for (; count > 0; count--, g += next, to += toNext) {
    const g0 = v128.load(g), g1 = v128.load(g + step), g2 = v128.load(g + 2 * step);
    const sum = f32x4.add(g0, g2), half = f32x4.splat(0.5);
    v128.store(to, g0);
    v128.store(to + toStep, f32x4.mul(half, f32x4.add(sum, g1)));
    v128.store(to + 2 * toStep, f32x4.mul(half, f32x4.sub(sum, g1)));
    v128.store(to + 3 * toStep, g2);
  }
}

/** planes = H·g·Hᵀ of the 2x2 tile g. */
export function gradientTwo(
  g: usize,
  row: usize,
  pixel: usize,
  planes: usize,
  plane: usize,
  channels: i32,
  work: usize,
): void {
  for (let k = 0; k < channels; k += 4, g += 16, planes += 16) {
    mapGradient(g, pixel, row, work, 16, 32, 2);
    mapGradient(work, 32, 16, planes, 4 * plane, plane, 4);
  }
}

/** H·g of two vectors, `step` bytes apart, of which there are `count`, `next` bytes apart; likewise the results. */
function mapGradient(
  g: usize,
  next: usize,
  step: usize,
  to: usize,
  toNext: usize,
  toStep: usize,
  count: i32,
): void {
  for (; count > 0; count--, g += next, to += toNext) {
    const g0 = v128.load(g), g1 = v128.load(g + step);
    v128.store(to, g0);
    v128.store(to + toStep, f32x4.add(g0, g1));
    v128.store(to + 2 * toStep, f32x4.sub(g0, g1));
    v128.store(to + 3 * toStep, g1);
  }
}

/** Cᵀ·m·C of the 4x4 planes m, `[channels]` each: 3x3 results, `tap` bytes apart. */
export function filterGradientTwo(m: usize, plane: usize, out: usize, tap: usize, channels: i32, work: usize): void {
  for (let k = 0; k < channels; k += 4, m += 16, out += 16) {
    mapFilterGradient(m, plane, 4 * plane, work, 16, 64, 4);
    mapFilterGradient(work, 64, 16, out, 3 * tap, tap, 3);
  }
}

/** Cᵀ·m of four vectors, `step` bytes apart, of which there are `count`, `next` bytes apart; likewise the results. */
function mapFilterGradient(
  m: usize,
  next: usize,
  step: usize,
  to: usize,
  toNext: usize,
  toStep: usize,
  count: i32,
): void {
  for (; count > 0; count--, m += next, to += toNext) {
    const m1 = v128.load(m + step), m2 = v128.load(m + 2 * step), half = f32x4.splat(0.5);
    const sum = f32x4.mul(half, f32x4.add(m1, m2));
    v128.store(to, f32x4.add(v128.load(m), sum));
    v128.store(to + toStep, f32x4.mul(half, f32x4.sub(m1, m2)));
    v128.store(to + 2 * toStep, f32x4.sub(sum, v128.load(m + 3 * step)));
  }
}

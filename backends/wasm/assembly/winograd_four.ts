// The linear maps of Winograd's minimal filtering F(4x4, 3x3) and F(3x3, 4x4), by Toom and Cook's interpolation at the points
// 0, 1, −1, 2, −½, ∞: Lavin and Gray 2015, arXiv:1509.09308, has the form, with points ±2; with 2 and −½ (Barabasz et al.
// 2018, arXiv:1803.10986) errors were measured to be two to three times smaller. A 6x6 tile becomes 36 planes, `plane` bytes
// apart; four channels are mapped at once. `work` is scratch of 576 bytes.
//   Bᵀ = 1  3/2   −2 −3/2    1 0   Aᵀ = 1 1  1 1  8 0   G =   1    0     0
//        0   −1 −5/2 −1/2    1 0        0 1 −1 2 −4 0       −1/3 −1/3  −1/3
//        0    1  1/2 −5/2    1 0        0 1  1 4  2 0        1/3 −1/3   1/3
//        0 −1/2   −1  1/2    1 0        0 1 −1 8 −1 1       1/15 2/15  4/15
//        0    2   −1   −2    1 0                           −2/15 1/15 −1/30
//        0    1  3/2   −2 −3/2 1                               0    0     1
// An input gradient takes the transposed way, from A·dy·Aᵀ to B·m·B. For a filter's gradient Cᵀ is Aᵀ's first three rows, with
// ∞ in the last, over the denominators of interpolation that A then lacks.
import { multiplyAdd } from "./multiply_add";

/** planes = Bᵀ·d·B of the 6x6 tile d, whose pixels are `pixel` and rows `row` bytes apart. */
export function inputFour(
  d: usize,
  row: usize,
  pixel: usize,
  planes: usize,
  plane: usize,
  channels: i32,
  work: usize,
): void {
  for (let c = 0; c < channels; c += 4, d += 16, planes += 16) {
    mapInput(d, pixel, row, work, 16, 96, 6);
    mapInput(work, 96, 16, planes, 6 * plane, plane, 6);
  }
}

/** Bᵀ·d of six vectors, `step` bytes apart, of which there are `count`, `next` bytes apart; likewise the results. */
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
    const d4 = v128.load(d + 4 * step), d5 = v128.load(d + 5 * step);
    const e = f32x4.sub(d4, d2), f = f32x4.sub(d3, d1), x = f32x4.splat(1.5), minus = f32x4.splat(-1.5);
    v128.store(to, multiplyAdd(minus, f, f32x4.add(f32x4.sub(d0, d2), e)));
    v128.store(to + toStep, multiplyAdd(minus, f32x4.add(d2, d3), f32x4.add(e, f)));
    v128.store(to + 2 * toStep, multiplyAdd(x, f32x4.sub(d2, d3), f32x4.sub(e, f)));
    v128.store(to + 3 * toStep, multiplyAdd(f32x4.splat(0.5), f, e));
    v128.store(to + 4 * toStep, multiplyAdd(f32x4.splat(-2), f, e));
    v128.store(to + 5 * toStep, multiplyAdd(minus, e, f32x4.sub(f32x4.sub(d5, d3), f)));
  }
}

/** max(floor, Aᵀ·m·A + bias) of the 6x6 planes m: 4x4 pixels. */
export function outputFour(
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
    mapOutput(m, plane, 6 * plane, zero, none, work, 16, 96, 6);
    const added = v128.load(bias);
    mapOutput(work, 96, 16, added, least, out, row, pixel, 4);
  }
}

/** max(least, Aᵀ·m + added) of six vectors; steps as above. */
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
    const m3 = v128.load(m + 3 * step), m4 = v128.load(m + 4 * step);
    const sum = f32x4.add(f32x4.add(m1, m2), added), difference = f32x4.add(f32x4.sub(m1, m2), added);
    const y0 = f32x4.add(f32x4.add(v128.load(m), sum), multiplyAdd(f32x4.splat(8), m4, m3));
    const y1 = multiplyAdd(f32x4.splat(2), m3, multiplyAdd(f32x4.splat(-4), m4, difference));
    const y2 = multiplyAdd(f32x4.splat(4), m3, multiplyAdd(f32x4.splat(2), m4, sum));
    const y3 = multiplyAdd(f32x4.splat(8), m3, f32x4.sub(difference, m4));
    v128.store(to, f32x4.pmax(y0, least));
    v128.store(to + toStep, f32x4.pmax(y1, least));
    v128.store(to + 2 * toStep, f32x4.pmax(y2, least));
    v128.store(to + 3 * toStep, f32x4.pmax(f32x4.add(y3, v128.load(m + 5 * step)), least));
  }
}

/** planes = G·g·Gᵀ of the 3x3 taps of four filters, each tap four floats, taps 16 bytes apart row by row. */
export function filterFour(g: usize, planes: usize, plane: usize, work: usize): void {
  mapFilter(g, 16, 48, work, 16, 48, 3);
  mapFilter(work, 48, 16, planes, 6 * plane, plane, 6);
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
    const sum = f32x4.add(g0, g2), two = f32x4.splat(2), four = f32x4.splat(4);
    const atTwo = f32x4.add(f32x4.add(g0, f32x4.mul(two, g1)), f32x4.mul(four, g2));
    const atMinusHalf = f32x4.add(f32x4.sub(f32x4.mul(four, g0), f32x4.mul(two, g1)), g2); // times 4
    v128.store(to, g0);
    v128.store(to + toStep, f32x4.div(f32x4.add(sum, g1), f32x4.splat(-3)));
    v128.store(to + 2 * toStep, f32x4.div(f32x4.sub(sum, g1), f32x4.splat(3)));
    v128.store(to + 3 * toStep, f32x4.div(atTwo, f32x4.splat(15)));
    v128.store(to + 4 * toStep, f32x4.div(atMinusHalf, f32x4.splat(-30)));
    v128.store(to + 5 * toStep, g2);
  }
}

/** planes = A·g·Aᵀ of the 4x4 tile g. */
export function gradientFour(
  g: usize,
  row: usize,
  pixel: usize,
  planes: usize,
  plane: usize,
  channels: i32,
  work: usize,
): void {
  for (let k = 0; k < channels; k += 4, g += 16, planes += 16) {
    mapGradient(g, pixel, row, work, 16, 64, 4);
    mapGradient(work, 64, 16, planes, 6 * plane, plane, 6);
  }
}

/** A·g of four vectors, `step` bytes apart, of which there are `count`, `next` bytes apart; likewise the results. */
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
    const g0 = v128.load(g), g1 = v128.load(g + step), g2 = v128.load(g + 2 * step), g3 = v128.load(g + 3 * step);
    const even = f32x4.add(g0, g2), odd = f32x4.add(g1, g3), two = f32x4.splat(2), four = f32x4.splat(4);
    v128.store(to, g0);
    v128.store(to + toStep, f32x4.add(even, odd));
    v128.store(to + 2 * toStep, f32x4.sub(even, odd));
    v128.store(to + 3 * toStep, multiplyAdd(four, multiplyAdd(two, g3, g2), multiplyAdd(two, g1, g0)));
    v128.store(to + 4 * toStep, multiplyAdd(four, f32x4.sub(f32x4.add(g0, g0), g1), f32x4.sub(f32x4.add(g2, g2), g3)));
    v128.store(to + 5 * toStep, g3);
  }
}

/** B·m·Bᵀ of the 6x6 planes m: a tile of 6x6 pixels. */
export function spreadFour(m: usize, plane: usize, tile: usize, channels: i32, work: usize): void {
  const pixel = <usize> channels << 2;
  for (let c = 0; c < channels; c += 4, m += 16, tile += 16) {
    mapSpread(m, plane, 6 * plane, work, 16, 96, 6);
    mapSpread(work, 96, 16, tile, 6 * pixel, pixel, 6);
  }
}

/** B·m of six vectors; steps as above. */
function mapSpread(
  m: usize,
  next: usize,
  step: usize,
  to: usize,
  toNext: usize,
  toStep: usize,
  count: i32,
): void {
  const x = f32x4.splat(1.5), minus = f32x4.splat(-1.5);
  for (; count > 0; count--, m += next, to += toNext) {
    const m0 = v128.load(m), m1 = v128.load(m + step), m2 = v128.load(m + 2 * step), m3 = v128.load(m + 3 * step);
    const m4 = v128.load(m + 4 * step), m5 = v128.load(m + 5 * step);
    const sum = f32x4.add(m1, m2), difference = f32x4.sub(m2, m1);
    const e = multiplyAdd(minus, m5, f32x4.add(f32x4.add(m0, sum), f32x4.add(m3, m4)));
    const f = f32x4.add(
      multiplyAdd(x, m0, f32x4.add(difference, m5)),
      multiplyAdd(f32x4.splat(2), m4, f32x4.mul(f32x4.splat(-0.5), m3)),
    );
    v128.store(to, m0);
    v128.store(to + toStep, f);
    v128.store(to + 2 * toStep, multiplyAdd(x, difference, f32x4.neg(f32x4.add(e, m0))));
    v128.store(to + 3 * toStep, multiplyAdd(minus, sum, f32x4.neg(f32x4.add(f, m5))));
    v128.store(to + 4 * toStep, e);
    v128.store(to + 5 * toStep, m5);
  }
}

/** Cᵀ·m·C of the 6x6 planes m, `[channels]` each: 3x3 results, `tap` bytes apart. */
export function filterGradientFour(
  m: usize,
  plane: usize,
  out: usize,
  tap: usize,
  channels: i32,
  work: usize,
): void {
  for (let k = 0; k < channels; k += 4, m += 16, out += 16) {
    mapFilterGradient(m, plane, 6 * plane, work, 16, 96, 6);
    mapFilterGradient(work, 96, 16, out, 3 * tap, tap, 3);
  }
}

/** Cᵀ·m of six vectors, `step` bytes apart, of which there are `count`, `next` bytes apart; likewise the results. */
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
    const m1 = f32x4.div(v128.load(m + step), f32x4.splat(-3)), m2 = f32x4.div(v128.load(m + 2 * step), f32x4.splat(3));
    const m3 = f32x4.div(v128.load(m + 3 * step), f32x4.splat(15));
    const m4 = f32x4.div(v128.load(m + 4 * step), f32x4.splat(-7.5));
    const sum = f32x4.add(m1, m2), difference = f32x4.sub(m1, m2);
    v128.store(to, f32x4.add(f32x4.add(v128.load(m), sum), f32x4.add(m3, m4)));
    v128.store(to + toStep, multiplyAdd(f32x4.splat(2), m3, multiplyAdd(f32x4.splat(-0.5), m4, difference)));
    const last = multiplyAdd(f32x4.splat(4), m3, multiplyAdd(f32x4.splat(0.25), m4, sum));
    v128.store(to + 2 * toStep, f32x4.add(last, v128.load(m + 5 * step)));
  }
}

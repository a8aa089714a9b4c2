// Steps of attacks, element by element; `count` floats in each tensor.

/** Between low and high. */
export function clip(value: v128, low: v128, high: v128): v128 {
  return f32x4.pmin(f32x4.pmax(value, low), high);
}

/** size · sign(value): exactly ±size or 0. */
export function along(value: v128, size: v128): v128 {
  const zero = f32x4.splat(0);
  return f32x4.sub(v128.and(size, f32x4.gt(value, zero)), v128.and(size, f32x4.lt(value, zero)));
}

// clip(x + clip(η + step, ±ε), 0, 1) − x.
function project(x: v128, eta: v128, step: v128, epsilon: v128): v128 {
  const moved = clip(f32x4.add(eta, step), f32x4.neg(epsilon), epsilon);
  return f32x4.sub(clip(f32x4.add(x, moved), f32x4.splat(0), f32x4.splat(1)), x);
}

// The last floats of a tensor, as many as there are, and zeros; nothing behind the tensor is read.
function loadLast(from: usize, count: usize): v128 {
  let last = v128.load32_zero(from);
  if (count > 1) last = f32x4.replace_lane(last, 1, load<f32>(from, 4));
  if (count > 2) last = f32x4.replace_lane(last, 2, load<f32>(from, 8));
  return last;
}

function storeLast(to: usize, value: v128, count: usize): void {
  store<f32>(to, f32x4.extract_lane(value, 0));
  if (count > 1) store<f32>(to, f32x4.extract_lane(value, 1), 4);
  if (count > 2) store<f32>(to, f32x4.extract_lane(value, 2), 8);
}

/** out = −1, 0 or 1; 0 for what is not a number. */
export function sign(x: usize, out: usize, count: i32): void {
  const one = f32x4.splat(1);
  const bytes = <usize> count << 2;
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) v128.store(out + i, along(v128.load(x + i), one));
  const rest = (bytes - i) >> 2;
  if (rest > 0) storeLast(out + i, along(loadLast(x + i, rest), one), rest);
}

/** out = clip(x + clip(η + α·sign(g), ±ε), 0, 1) − x. */
export function linfStep(
  x: usize,
  eta: usize,
  gradient: usize,
  out: usize,
  count: i32,
  epsilon: f32,
  stepSize: f32,
): void {
  const radius = f32x4.splat(epsilon), size = f32x4.splat(stepSize);
  const bytes = <usize> count << 2;
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) {
    const step = along(v128.load(gradient + i), size);
    v128.store(out + i, project(v128.load(x + i), v128.load(eta + i), step, radius));
  }
  const rest = (bytes - i) >> 2;
  if (rest === 0) return;
  const step = along(loadLast(gradient + i, rest), size);
  storeLast(out + i, project(loadLast(x + i, rest), loadLast(eta + i, rest), step, radius), rest);
}

/**
 * out = η after n sign steps along one gradient (f0 linear), in closed form: a step of `first` where x + η lies in 0..1,
 * the gradient being 0 strictly outside, then, inside the box everywhere, one of `rest` = (n−1)·first.
 */
export function constantSteps(
  x: usize,
  eta: usize,
  gradient: usize,
  out: usize,
  count: i32,
  epsilon: f32,
  first: f32,
  rest: f32,
): void {
  const radius = f32x4.splat(epsilon), size = f32x4.splat(first), size2 = f32x4.splat(rest);
  const bytes = <usize> count << 2;
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) {
    const g = v128.load(gradient + i);
    v128.store(out + i, bothSteps(v128.load(x + i), v128.load(eta + i), g, radius, size, size2));
  }
  const left = (bytes - i) >> 2;
  if (left === 0) return;
  const g = loadLast(gradient + i, left);
  const after = bothSteps(loadLast(x + i, left), loadLast(eta + i, left), g, radius, size, size2);
  storeLast(out + i, after, left);
}

function bothSteps(x: v128, eta: v128, g: v128, epsilon: v128, first: v128, rest: v128): v128 {
  const sum = f32x4.add(x, eta);
  const inside = f32x4.eq(sum, clip(sum, f32x4.splat(0), f32x4.splat(1)));
  const after = project(x, eta, v128.and(along(g, first), inside), epsilon);
  return project(x, after, along(g, rest), epsilon);
}

// Optimizer steps in one pass; formulas and symbols as in backends/engine.ts. `count` floats in each tensor; a state's
// address is 0 where there is none yet. Each operation is rounded, in the order of the composed step.

/** v = μ·velocity + (g + λ·w); out = w − lr·v. */
export function sgdStep(
  weight: usize,
  gradient: usize,
  velocity: usize,
  out: usize,
  outVelocity: usize,
  count: i32,
  learningRate: f32,
  momentum: f32,
  weightDecay: f32,
): void {
  const rate = f32x4.splat(learningRate), keep = f32x4.splat(momentum), decay = f32x4.splat(weightDecay);
  const bytes = <usize> count << 2;
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) {
    const w = v128.load(weight + i);
    let moved = f32x4.add(v128.load(gradient + i), f32x4.mul(w, decay));
    if (velocity !== 0) moved = f32x4.add(f32x4.mul(v128.load(velocity + i), keep), moved);
    if (outVelocity !== 0) v128.store(outVelocity + i, moved);
    v128.store(out + i, f32x4.sub(w, f32x4.mul(moved, rate)));
  }
  for (; i < bytes; i += 4) {
    const w = load<f32>(weight + i);
    let moved = load<f32>(gradient + i) + w * weightDecay;
    if (velocity !== 0) moved = load<f32>(velocity + i) * momentum + moved;
    if (outVelocity !== 0) store<f32>(outVelocity + i, moved);
    store<f32>(out + i, w - moved * learningRate);
  }
}

/** d = g + λ·w; m = β1·mean + (1−β1)·d; v = β2·square + (1−β2)·d²; out = w − stepSize · m / (√v/root + ε). */
export function adamStep(
  weight: usize,
  gradient: usize,
  mean: usize,
  square: usize,
  out: usize,
  outMean: usize,
  outSquare: usize,
  count: i32,
  beta1: f32,
  fresh1: f32,
  beta2: f32,
  fresh2: f32,
  stepSize: f32,
  root: f32,
  epsilon: f32,
  weightDecay: f32,
): void {
  const decay = f32x4.splat(weightDecay), roots = f32x4.splat(root), tiny = f32x4.splat(epsilon);
  const keepMean = f32x4.splat(beta1), freshMean = f32x4.splat(fresh1);
  const keepSquare = f32x4.splat(beta2), freshSquare = f32x4.splat(fresh2), size = f32x4.splat(stepSize);
  const bytes = <usize> count << 2;
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) {
    const w = v128.load(weight + i);
    const d = f32x4.add(v128.load(gradient + i), f32x4.mul(w, decay));
    let m = f32x4.mul(d, freshMean), v = f32x4.mul(f32x4.mul(d, d), freshSquare);
    if (mean !== 0) m = f32x4.add(f32x4.mul(v128.load(mean + i), keepMean), m);
    if (square !== 0) v = f32x4.add(f32x4.mul(v128.load(square + i), keepSquare), v);
    v128.store(outMean + i, m);
    v128.store(outSquare + i, v);
    const scale = f32x4.add(f32x4.div(f32x4.sqrt(v), roots), tiny);
    v128.store(out + i, f32x4.sub(w, f32x4.mul(f32x4.div(m, scale), size)));
  }
  for (; i < bytes; i += 4) {
    const w = load<f32>(weight + i);
    const d = load<f32>(gradient + i) + w * weightDecay;
    let m = d * fresh1, v = d * d * fresh2;
    if (mean !== 0) m = load<f32>(mean + i) * beta1 + m;
    if (square !== 0) v = load<f32>(square + i) * beta2 + v;
    store<f32>(outMean + i, m);
    store<f32>(outSquare + i, v);
    store<f32>(out + i, w - m / (sqrt<f32>(v) / root + epsilon) * stepSize);
  }
}

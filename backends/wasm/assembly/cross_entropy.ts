// Softmax cross-entropy of logits `[count, classes]` and int32 labels, in float64. In float32 the gradient's entry for the
// label, p − 1, loses all its digits where p is nearly 1, as for every confidently classified image; here it is minus the
// sum of the other probabilities. Exponential and logarithm are ours: the compiler's come with tables, which it would place
// in memory that is tfjs's.

/** losses[i] = log Σ exp(logits[i]) − logits[i, label], in nats; NaN where the label is no class. */
export function crossEntropy(logits: usize, labels: usize, losses: usize, count: i32, classes: i32): void {
  const row = <usize> classes << 2;
  for (; count > 0; count--, logits += row, labels += 4, losses += 4) {
    const label = load<i32>(labels), largest = maximum(logits, classes);
    if (<u32> label >= <u32> classes) {
      store<f32>(losses, NaN);
    } else {
      const chosen = <f64> load<f32>(logits + (<usize> label << 2));
      store<f32>(losses, <f32> (logarithm(exponentialSum(logits, classes, largest)) + (largest - chosen)));
    }
  }
}

/** gradient = (softmax(logits) − [class is the label]) · dy. */
export function crossEntropyGradient(
  dy: usize,
  logits: usize,
  labels: usize,
  gradient: usize,
  count: i32,
  classes: i32,
): void {
  const row = <usize> classes << 2;
  for (; count > 0; count--, logits += row, gradient += row, labels += 4, dy += 4) {
    const label = <usize> load<i32>(labels) << 2, largest = maximum(logits, classes);
    const factor = <f64> load<f32>(dy) / exponentialSum(logits, classes, largest);
    let others: f64 = 0;
    for (let at: usize = 0; at < row; at += 4) {
      const part = exponential(<f64> load<f32>(logits + at) - largest) * factor;
      if (at != label) others += part;
      store<f32>(gradient + at, <f32> part);
    }
    if (label < row) store<f32>(gradient + label, <f32> -others);
  }
}

function maximum(logits: usize, classes: i32): f64 {
  let largest = load<f32>(logits);
  for (let i = 1; i < classes; i++) largest = max(largest, load<f32>(logits + (<usize> i << 2)));
  return <f64> largest;
}

function exponentialSum(logits: usize, classes: i32, largest: f64): f64 {
  let total: f64 = 0;
  for (let i = 0; i < classes; i++) total += exponential(<f64> load<f32>(logits + (<usize> i << 2)) - largest);
  return total;
}

const LN2: f64 = 0.6931471805599453;

// e^x for x of at most 0: 2^n · e^r with |r| ≤ ln(2)/2, and e^r from its Taylor series, whose next term is below 2e-16.
function exponential(x: f64): f64 {
  if (x != x) return x;
  if (x < -700) return 0;
  const n = nearest<f64>(x / LN2);
  const r = x - n * LN2;
  let sum: f64 = 1.0 / 479001600;
  sum = sum * r + 1.0 / 39916800;
  sum = sum * r + 1.0 / 3628800;
  sum = sum * r + 1.0 / 362880;
  sum = sum * r + 1.0 / 40320;
  sum = sum * r + 1.0 / 5040;
  sum = sum * r + 1.0 / 720;
  sum = sum * r + 1.0 / 120;
  sum = sum * r + 1.0 / 24;
  sum = sum * r + 1.0 / 6;
  sum = sum * r + 0.5;
  sum = sum * r + 1;
  sum = sum * r + 1;
  return sum * reinterpret<f64>((<i64> n + 1023) << 52);
}

// ln(x) for finite x of at least 1: x = 2^n · m with m in [√½, √2), and ln(m) = 2·artanh((m − 1)/(m + 1)) from its series.
function logarithm(x: f64): f64 {
  if (!(x < Infinity)) return x;
  const bits = reinterpret<i64>(x) + (0x3ff0000000000000 - 0x3fe6a09e667f3bcd);
  const n = (bits >> 52) - 1023;
  const m = reinterpret<f64>(reinterpret<i64>(x) - (n << 52));
  const ratio = (m - 1) / (m + 1), square = ratio * ratio;
  let sum: f64 = 0;
  for (let term: f64 = 21; term >= 1; term -= 2) sum = 1 / term + square * sum;
  return <f64> n * LN2 + 2 * ratio * sum;
}

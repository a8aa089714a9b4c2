// a·b + c, rounded twice; in the fma build rounded once, by the CPU's own instruction. The flag is a constant of the
// compilation, so only one of the two is compiled.
export function multiplyAdd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

// Vectors of the widest kind that the processor has, by the compiler's own vector types (GCC and Clang).
#pragma once

namespace yopo {

#if defined(__AVX512F__)
constexpr int kLanes = 16;
// Products of pixels and vectors that are summed in registers at a time; the rest holds factors.
constexpr int kAccumulators = 26;
#elif defined(__AVX__)
constexpr int kLanes = 8;
constexpr int kAccumulators = 12;
#else
constexpr int kLanes = 4;
constexpr int kAccumulators = 24;
#endif

typedef float Vector __attribute__((vector_size(4 * kLanes)));
typedef int Mask __attribute__((vector_size(4 * kLanes)));
typedef float Unaligned __attribute__((vector_size(4 * kLanes), aligned(4), may_alias));

inline Vector load(const float* from) { return *reinterpret_cast<const Unaligned*>(from); }
inline void store(float* to, Vector value) { *reinterpret_cast<Unaligned*>(to) = value; }
// Minus zero, because adding zero would change -0 and cannot be left out.
inline Vector broadcast(float value) { return value - Vector{}; }

// value where condition > 0, else 0.
inline Vector where_positive(Vector condition, Vector value) { return condition > 0 ? value : Vector{}; }

// ReLU; what is not a number stays so.
inline Vector without_negative(Vector value) { return value < 0 ? Vector{} : value; }

constexpr int round_up(int count, int step) { return (count + step - 1) / step * step; }

}  // namespace yopo

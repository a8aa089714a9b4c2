#include "normalization.h"

#include <algorithm>

namespace yopo {
namespace {

// The output before ReLU; one expression for all, so that all round it in the same way.
inline float output(const Normalization& layer, float x, int i) {
  return (x - layer.mean[i]) * layer.factor[i] + layer.offset[i];
}

template <bool RELU>
inline float passed(const Normalization& layer, float dy, float x, int i) {
  if constexpr (!RELU) return dy;
  return output(layer, x, i) > 0.0f ? dy : 0.0f;
}

template <bool RELU>
void add_sums(const Normalization& layer, const float* dy, const float* x, long rows, float* __restrict sums,
              float* __restrict products) {
  const int channels = layer.channels;
  for (long row = 0; row < rows; row++, dy += channels, x += channels) {
    for (int i = 0; i < channels; i++) {
      const float d = passed<RELU>(layer, dy[i], x[i], i);
      sums[i] += d;
      products[i] += d * (x[i] - layer.mean[i]);
    }
  }
}

template <bool RELU>
void gradient(const Normalization& layer, const float* dy, const float* x, const float* shift, const float* slope, long rows,
              float* __restrict dx) {
  const int channels = layer.channels;
  for (long row = 0; row < rows; row++, dy += channels, x += channels, dx += channels) {
    for (int i = 0; i < channels; i++) {
      const float d = passed<RELU>(layer, dy[i], x[i], i);
      dx[i] = layer.factor[i] * (d - shift[i] - (x[i] - layer.mean[i]) * slope[i]);
    }
  }
}

template <bool RELU>
void fixed_gradient(const Normalization& layer, const float* dy, const float* x, long rows, float* __restrict dx) {
  const int channels = layer.channels;
  for (long row = 0; row < rows; row++, dy += channels, x += channels, dx += channels) {
    for (int i = 0; i < channels; i++) dx[i] = layer.factor[i] * passed<RELU>(layer, dy[i], x[i], i);
  }
}

template <bool RELU>
void apply(const Normalization& layer, const float* x, long rows, float* __restrict y) {
  const int channels = layer.channels;
  for (long row = 0; row < rows; row++, x += channels, y += channels) {
    for (int i = 0; i < channels; i++) {
      const float value = output(layer, x[i], i);
      y[i] = RELU && value < 0.0f ? 0.0f : value;
    }
  }
}

}  // namespace

void moments(const float* x, long rows, int channels, float* __restrict mean, float* __restrict squares) {
  std::fill(mean, mean + channels, 0.0f);
  std::fill(squares, squares + channels, 0.0f);
  const float* values = x;
  for (long row = 0; row < rows; row++, values += channels) {
    for (int i = 0; i < channels; i++) mean[i] += values[i];
  }
  for (int i = 0; i < channels; i++) mean[i] /= rows;
  values = x;
  for (long row = 0; row < rows; row++, values += channels) {
    for (int i = 0; i < channels; i++) {
      const float deviation = values[i] - mean[i];
      squares[i] += deviation * deviation;
    }
  }
}

void normalize(const Normalization& layer, const float* x, long rows, float* y) {
  if (layer.relu) apply<true>(layer, x, rows, y);
  else apply<false>(layer, x, rows, y);
}

void add_normalization_sums(const Normalization& layer, const float* dy, const float* x, long rows, float* sums,
                            float* products) {
  if (layer.relu) add_sums<true>(layer, dy, x, rows, sums, products);
  else add_sums<false>(layer, dy, x, rows, sums, products);
}

void normalization_gradient(const Normalization& layer, const float* dy, const float* x, const float* shift,
                            const float* slope, long rows, float* dx) {
  if (layer.relu) gradient<true>(layer, dy, x, shift, slope, rows, dx);
  else gradient<false>(layer, dy, x, shift, slope, rows, dx);
}

void fixed_normalization_gradient(const Normalization& layer, const float* dy, const float* x, long rows, float* dx) {
  if (layer.relu) fixed_gradient<true>(layer, dy, x, rows, dx);
  else fixed_gradient<false>(layer, dy, x, rows, dx);
}

}  // namespace yopo

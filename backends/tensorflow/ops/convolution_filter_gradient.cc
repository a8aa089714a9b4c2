// A filter's gradient: for a few factors of the filter times one or two vectors of channels, the sum over all pixels of an
// image stays in registers.
#include <algorithm>
#include <cstring>

#include "convolution.h"
#include "elementwise.h"

namespace yopo {
namespace {

// What the sums run over.
struct Pixels {
  int rows, columns;
  // Image at the first pixel's first factor; floats from one row of pixels to the next, and from one pixel to the next.
  const float* x;
  long row_step;
  int pixel_step;
  // Floats from one filter row's factors to the next one's.
  long filter_row_step;
  // Output gradient at the first pixel and channel; floats from one pixel to the next.
  const float* dy;
  int dy_step;
};

// Adds the sums for FACTORS neighbouring factors in each of ROWS filter rows; `to` has one factor every dy_step floats and
// one filter row every to_row floats.
template <int ROWS, int FACTORS, int VECTORS>
inline void add_products(const Pixels& pixels, float* to, long to_row) {
  Vector sums[ROWS][FACTORS][VECTORS] = {};
  for (int row = 0; row < pixels.rows; row++) {
    const float* x = pixels.x + row * pixels.row_step;
    const float* dy = pixels.dy + long(row) * pixels.columns * pixels.dy_step;
    for (int column = 0; column < pixels.columns; column++, x += pixels.pixel_step, dy += pixels.dy_step) {
      Vector gradients[VECTORS];
#pragma GCC unroll 16
      for (int v = 0; v < VECTORS; v++) gradients[v] = load(dy + v * kLanes);
#pragma GCC unroll 16
      for (int r = 0; r < ROWS; r++) {
#pragma GCC unroll 32
        for (int factor = 0; factor < FACTORS; factor++) {
          const Vector value = broadcast(x[r * pixels.filter_row_step + factor]);
#pragma GCC unroll 16
          for (int v = 0; v < VECTORS; v++) sums[r][factor][v] += value * gradients[v];
        }
      }
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < ROWS; r++) {
#pragma GCC unroll 32
    for (int factor = 0; factor < FACTORS; factor++) {
#pragma GCC unroll 16
      for (int v = 0; v < VECTORS; v++) {
        float* sum = to + r * to_row + factor * pixels.dy_step + v * kLanes;
        store(sum, load(sum) + sums[r][factor][v]);
      }
    }
  }
}

constexpr int kFactors = kAccumulators / 2 - kAccumulators / 2 % 4;

template <int VECTORS, int FACTORS = kFactors>
inline void add_factors(int factors, const Pixels& pixels, float* to) {
  if (factors == FACTORS) add_products<1, FACTORS, VECTORS>(pixels, to, 0);
  else if constexpr (FACTORS > 1) add_factors<VECTORS, FACTORS - 1>(factors, pixels, to);
}

template <int VECTORS>
void add_channels(const Convolution& layer, Pixels pixels, float* to) {
  const long to_row = long(layer.taps()) * layer.out;
  const float* image = pixels.x;
  if (layer.kernel_height == 3 && layer.taps() == 3) return add_products<3, 3, VECTORS>(pixels, to, to_row);
  const int groups = (layer.taps() + kFactors - 1) / kFactors;
  for (int row = 0; row < layer.kernel_height; row++) {
    for (int i = 0; i < groups; i++) {
      const int first = layer.taps() * i / groups, count = layer.taps() * (i + 1) / groups - first;
      pixels.x = image + row * pixels.filter_row_step + first;
      add_factors<VECTORS>(count, pixels, to + row * to_row + long(first) * layer.out);
    }
  }
}

}  // namespace

void add_filter_gradient(const Convolution& layer, const float* x, const float* dy, const float* y, float* filter_gradient,
                         float* bias_gradient, Frame& frame, Frame& passed) {
  const long size = layer.out_size();
  const float* gradient = dy;
  if (layer.relu) {
    passed.resize(size);
    pass_positive(dy, y, size, passed.data());
    gradient = passed.data();
  }
  if (bias_gradient != nullptr) {
    for (int channel = 0; channel < layer.out; channel += kLanes) {
      Vector sum = {};
      for (long i = channel; i < size; i += layer.out) sum += load(gradient + i);
      store(bias_gradient + channel, load(bias_gradient + channel) + sum);
    }
  }
  Pixels pixels;
  pixels.rows = layer.out_height();
  pixels.columns = layer.out_width();
  pixels.filter_row_step = long(layer.padded_width()) * layer.in;
  pixels.row_step = layer.stride * pixels.filter_row_step;
  pixels.pixel_step = layer.stride * layer.in;
  pixels.dy_step = layer.out;
  pixels.x = with_padding(layer, x, frame);
  for (int channel = 0; channel < layer.out; channel += 2 * kLanes) {
    pixels.dy = gradient + channel;
    if (layer.out - channel >= 2 * kLanes) add_channels<2>(layer, pixels, filter_gradient + channel);
    else add_channels<1>(layer, pixels, filter_gradient + channel);
  }
}

}  // namespace yopo

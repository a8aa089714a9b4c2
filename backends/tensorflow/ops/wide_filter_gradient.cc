#include "wide_filter_gradient.h"

#include <algorithm>
#include <cstring>

namespace yopo {
namespace {

// Factors and vectors of channels whose sums stay in registers.
constexpr int kVectors = 2;
constexpr int kFactors = kAccumulators / kVectors - kAccumulators / kVectors % 4;

// Floats of images that are taken at once: they stay in a core's second cache beside their part of the filter.
constexpr long kBandFloats = 96 * 1024;

// What one sum runs over: rows of pixels, each from its own place on.
struct Band {
  const float* x;
  const std::vector<long>& rows;
  int columns, pixel_step;
  // The panel's channels of all pixels, one pixel after the other.
  const float* dy;
};

template <int FACTORS, int VECTORS>
inline void add_products(const Band& band, float* to, int to_step) {
  Vector sums[FACTORS][VECTORS];
#pragma GCC unroll 32
  for (int factor = 0; factor < FACTORS; factor++) {
#pragma GCC unroll 16
    for (int v = 0; v < VECTORS; v++) sums[factor][v] = load(to + factor * to_step + v * kLanes);
  }
  const float* dy = band.dy;
  for (const long row : band.rows) {
    const float* x = band.x + row;
    for (int column = 0; column < band.columns; column++, x += band.pixel_step, dy += VECTORS * kLanes) {
      Vector gradients[VECTORS];
#pragma GCC unroll 16
      for (int v = 0; v < VECTORS; v++) gradients[v] = load(dy + v * kLanes);
#pragma GCC unroll 32
      for (int factor = 0; factor < FACTORS; factor++) {
        const Vector value = broadcast(x[factor]);
#pragma GCC unroll 16
        for (int v = 0; v < VECTORS; v++) sums[factor][v] += value * gradients[v];
      }
    }
  }
#pragma GCC unroll 32
  for (int factor = 0; factor < FACTORS; factor++) {
#pragma GCC unroll 16
    for (int v = 0; v < VECTORS; v++) store(to + factor * to_step + v * kLanes, sums[factor][v]);
  }
}

template <int VECTORS, int FACTORS = kFactors>
inline void add_factors(int factors, const Band& band, float* to, int to_step) {
  if (factors == FACTORS) add_products<FACTORS, VECTORS>(band, to, to_step);
  else if constexpr (FACTORS > 1) add_factors<VECTORS, FACTORS - 1>(factors, band, to, to_step);
}

int groups_of_row(const Convolution& layer) { return (layer.taps() + kFactors - 1) / kFactors; }

template <int VECTORS>
void add_panel(const WideFilterGradient& gradient, int channel, int first, int end, float* to) {
  const Convolution& layer = gradient.layer;
  const long row_step = long(layer.padded_width()) * layer.in, image = layer.padded_height() * row_step;
  const int pixels = layer.out_height() * layer.out_width(), row_groups = groups_of_row(layer);
  const int together = std::max(1L, kBandFloats / image);
  std::vector<float> panel(long(together) * pixels * VECTORS * kLanes);
  std::vector<long> rows;
  for (int at = 0; at < gradient.images; at += together) {
    const int count = std::min(together, gradient.images - at);
    const float* dy = gradient.dy + at * layer.out_size() + channel;
    for (long i = 0; i < long(count) * pixels; i++) {
      std::memcpy(panel.data() + i * VECTORS * kLanes, dy + i * layer.out, sizeof(float) * VECTORS * kLanes);
    }
    rows.clear();
    for (int i = 0; i < count; i++) {
      for (int row = 0; row < layer.out_height(); row++) rows.push_back(i * image + row * layer.stride * row_step);
    }
    for (int group = first; group < end; group++) {
      const int row = group / row_groups, i = group % row_groups;
      const int tap = layer.taps() * i / row_groups, factors = layer.taps() * (i + 1) / row_groups - tap;
      const float* x = gradient.x + at * image + row * row_step + tap;
      const Band band = {x, rows, layer.out_width(), layer.stride * layer.in, panel.data()};
      add_factors<VECTORS>(factors, band, to + (long(row) * layer.taps() + tap) * layer.out + channel, layer.out);
    }
  }
}

}  // namespace

int WideFilterGradient::panels() const { return (layer.out + kVectors * kLanes - 1) / (kVectors * kLanes); }

int WideFilterGradient::groups() const { return layer.kernel_height * groups_of_row(layer); }

void add_wide_filter_gradient(const WideFilterGradient& gradient, int panel, int first, int end, float* to) {
  const int channel = panel * kVectors * kLanes;
  if (gradient.layer.out - channel >= kVectors * kLanes) add_panel<kVectors>(gradient, channel, first, end, to);
  else add_panel<1>(gradient, channel, first, end, to);
}

}  // namespace yopo

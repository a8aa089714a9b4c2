// The inner product of a convolution: a few neighbouring pixels of one output row times one or two vectors of channels,
// summed in registers.
#pragma once

#include <algorithm>

#include "vector.h"

namespace yopo {

struct Tile {
  // Image at the first pixel's first factor.
  const float* x;
  // Floats from one image row to the next, and from one pixel's factors to the next one's.
  long row_step;
  int pixel_step;
  // Filter at the first row and channel; floats from one factor to the next.
  const float* filter;
  int factor_step;
  // Filter rows, and factors in a row.
  int rows, taps;
  // At the channel, or null.
  const float* bias;
  bool relu;
  // At the first pixel and channel; floats from one pixel to the next.
  float* y;
  int y_step;
};

// STEP is the pixel step where it is known to the compiler, else 0.
template <int PIXELS, int VECTORS, int STEP>
inline void multiply(const Tile& tile) {
  const int step = STEP == 0 ? tile.pixel_step : STEP;
  Vector sums[PIXELS][VECTORS];
#pragma GCC unroll 16
  for (int v = 0; v < VECTORS; v++) {
    const Vector start = tile.bias == nullptr ? Vector{} : load(tile.bias + v * kLanes);
#pragma GCC unroll 32
    for (int pixel = 0; pixel < PIXELS; pixel++) sums[pixel][v] = start;
  }
  for (int row = 0; row < tile.rows; row++) {
    const float* x = tile.x + row * tile.row_step;
    const float* filter = tile.filter + long(row) * tile.taps * tile.factor_step;
    for (int tap = 0; tap < tile.taps; tap++, x++, filter += tile.factor_step) {
      Vector factors[VECTORS];
#pragma GCC unroll 16
      for (int v = 0; v < VECTORS; v++) factors[v] = load(filter + v * kLanes);
#pragma GCC unroll 32
      for (int pixel = 0; pixel < PIXELS; pixel++) {
        const Vector value = broadcast(x[pixel * step]);
#pragma GCC unroll 16
        for (int v = 0; v < VECTORS; v++) sums[pixel][v] += value * factors[v];
      }
    }
  }
#pragma GCC unroll 32
  for (int pixel = 0; pixel < PIXELS; pixel++) {
#pragma GCC unroll 16
    for (int v = 0; v < VECTORS; v++) {
      const Vector sum = sums[pixel][v];
      store(tile.y + pixel * tile.y_step + v * kLanes, tile.relu ? without_negative(sum) : sum);
    }
  }
}

constexpr int kTilePixels = kAccumulators / 2;

template <int PIXELS, int VECTORS>
inline void multiply_known_step(const Tile& tile) {
  switch (tile.pixel_step) {
    case 1: return multiply<PIXELS, VECTORS, 1>(tile);
    case 32: return multiply<PIXELS, VECTORS, 32>(tile);
    case 64: return multiply<PIXELS, VECTORS, 64>(tile);
    case 128: return multiply<PIXELS, VECTORS, 128>(tile);
    case 256: return multiply<PIXELS, VECTORS, 256>(tile);
    default: return multiply<PIXELS, VECTORS, 0>(tile);
  }
}

template <int VECTORS, int PIXELS = kTilePixels>
inline void multiply_pixels(int pixels, const Tile& tile) {
  if (pixels == PIXELS) multiply_known_step<PIXELS, VECTORS>(tile);
  else if constexpr (PIXELS > 1) multiply_pixels<VECTORS, PIXELS - 1>(pixels, tile);
}

// One output row of `pixels`, of `channels` (a multiple of kLanes) numbers each, in tiles of nearly equal length.
inline void multiply_row(int pixels, int channels, Tile tile) {
  const int tiles = (pixels + kTilePixels - 1) / kTilePixels;
  const Tile row = tile;
  for (int i = 0; i < tiles; i++) {
    const int first = pixels * i / tiles, count = pixels * (i + 1) / tiles - first;
    tile.x = row.x + long(first) * row.pixel_step;
    tile.y = row.y + long(first) * row.y_step;
    if (channels == 2 * kLanes) multiply_pixels<2>(count, tile);
    else multiply_pixels<1>(count, tile);
  }
}

}  // namespace yopo

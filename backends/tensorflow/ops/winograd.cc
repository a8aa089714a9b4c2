#include "winograd.h"

#include <algorithm>

#include "convolution_tile.h"

namespace yopo {
namespace {

// A plane's floats, and one line more: planes a power of two apart would share the places of a cache.
long plane_step(long size) { return size + 16; }

// Bᵀ of four values.
inline void transform_four(Vector a, Vector b, Vector c, Vector d, Vector* to) {
  to[0] = a - c;
  to[1] = b + c;
  to[2] = c - b;
  to[3] = b - d;
}

// The planes of one tile: from 16 pixels, row by row, to one pixel of each plane.
void transform_tile(const float* const* pixels, int channels, float* to, long step) {
  for (int channel = 0; channel < channels; channel += kLanes) {
    Vector rows[4][4], plane[4];
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
      transform_four(load(pixels[4 * i] + channel), load(pixels[4 * i + 1] + channel), load(pixels[4 * i + 2] + channel),
                     load(pixels[4 * i + 3] + channel), rows[i]);
    }
#pragma GCC unroll 4
    for (int j = 0; j < 4; j++) {
      transform_four(rows[0][j], rows[1][j], rows[2][j], rows[3][j], plane);
#pragma GCC unroll 4
      for (int i = 0; i < 4; i++) store(to + (4 * i + j) * step + channel, plane[i]);
    }
  }
}

// Finds the 16 pixels of a tile; those outside of the image are zeros.
void find_pixels(const Convolution& layer, const float* image, int row, int column, const float* zeros, const float** pixels) {
  for (int i = 0; i < 4; i++) {
    const int y = row + i - layer.top;
    for (int j = 0; j < 4; j++) {
      const int x = column + j - layer.left;
      const bool inside = y >= 0 && y < layer.height && x >= 0 && x < layer.width;
      pixels[4 * i + j] = inside ? image + (long(y) * layer.width + x) * layer.in : zeros;
    }
  }
}

// Aᵀ[…]A of one tile and vector of channels, to those of the 2x2 outputs that exist.
inline void write_outputs(const float* from, long step, float* y, int rows, int columns, long row_step, int pixel_step) {
  Vector sums[2][4];
#pragma GCC unroll 4
  for (int j = 0; j < 4; j++) {
    const Vector a = load(from + j * step), b = load(from + (4 + j) * step), c = load(from + (8 + j) * step),
                 d = load(from + (12 + j) * step);
    sums[0][j] = a + b + c;
    sums[1][j] = b - c - d;
  }
#pragma GCC unroll 2
  for (int i = 0; i < 2; i++) {
    if (i >= rows) return;
    store(y + i * row_step, sums[i][0] + sums[i][1] + sums[i][2]);
    if (columns > 1) store(y + i * row_step + pixel_step, sums[i][1] - sums[i][2] - sums[i][3]);
  }
}

}  // namespace

void transform_filter(const Winograd& winograd, const float* filter, int in, float* to) {
  const int channels = winograd.layer.out, depth = winograd.layer.in;
  const Vector half = broadcast(0.5f);
  for (int channel = 0; channel < channels; channel += kLanes) {
    const int first = channel / kPanel * kPanel, width = std::min(kPanel, channels - first);
    float* place = to + long(kPlanes) * first * depth + long(in) * width + channel - first;
    Vector rows[4][3];
#pragma GCC unroll 3
    for (int j = 0; j < 3; j++) {
      const auto tap = [&](int i) { return load(filter + (long(i * 3 + j) * depth + in) * channels + channel); };
      const Vector a = tap(0), b = tap(1), c = tap(2);
      rows[0][j] = a;
      rows[1][j] = (a + b + c) * half;
      rows[2][j] = (a - b + c) * half;
      rows[3][j] = c;
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
      const Vector a = rows[i][0], b = rows[i][1], c = rows[i][2];
      const Vector plane[4] = {a, (a + b + c) * half, (a - b + c) * half, c};
#pragma GCC unroll 4
      for (int j = 0; j < 4; j++) store(place + (4L * i + j) * depth * width, plane[j]);
    }
  }
}

void convolve_tiles(const Winograd& winograd, const float* x, const float* transformed, long first, long end, float* y,
                    WinogradScratch& scratch) {
  const Convolution& layer = winograd.layer;
  const int tiles = end - first, columns = winograd.tile_columns();
  const long step = plane_step(long(tiles) * layer.in), sum_step = plane_step(long(tiles) * kPanel);
  scratch.planes.resize(kPlanes * step);
  scratch.sums.resize(kPlanes * sum_step);
  scratch.zeros.resize(layer.in);
  struct Place { long image; int row, column; };
  const auto place = [&](int tile) -> Place {
    const long at = (first + tile) % winograd.tiles();
    return {(first + tile) / winograd.tiles(), int(at / columns) * 2, int(at % columns) * 2};
  };
  for (int tile = 0; tile < tiles; tile++) {
    const Place at = place(tile);
    const float* pixels[16];
    find_pixels(layer, x + at.image * layer.image_size(), at.row, at.column, scratch.zeros.data(), pixels);
    transform_tile(pixels, layer.in, scratch.planes.data() + long(tile) * layer.in, step);
  }
  Tile product = {};
  product.pixel_step = layer.in;
  product.rows = 1;
  product.taps = layer.in;
  for (int channel = 0; channel < layer.out; channel += kPanel) {
    const int width = std::min(kPanel, layer.out - channel);
    product.factor_step = product.y_step = width;
    for (int plane = 0; plane < kPlanes; plane++) {
      product.x = scratch.planes.data() + plane * step;
      product.filter = transformed + long(kPlanes) * channel * layer.in + long(plane) * layer.in * width;
      product.y = scratch.sums.data() + plane * sum_step;
      multiply_row(tiles, width, product);
    }
    for (int tile = 0; tile < tiles; tile++) {
      const Place at = place(tile);
      float* to = y + at.image * layer.out_size() + (long(at.row) * layer.out_width() + at.column) * layer.out + channel;
      for (int i = 0; i < width; i += kLanes) {
        write_outputs(scratch.sums.data() + tile * width + i, sum_step, to + i, layer.out_height() - at.row,
                      layer.out_width() - at.column, long(layer.out_width()) * layer.out, layer.out);
      }
    }
  }
}

}  // namespace yopo

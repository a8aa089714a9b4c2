// Convolution with filters of 3x3 at stride 1 by Winograd's method F(2x2, 3x3): Lavin and Gray 2015, arXiv:1509.09308. With
// d 4x4 pixels and g a filter, 2x2 outputs are Aᵀ[(G·g·Gᵀ) ⊙ (Bᵀ·d·B)]A: 16 products where the sum over the taps has 36. Each of
// the 16 is a matrix product over channels. An output's bits depend on its place in its tile of 2x2.
#pragma once

#include <algorithm>

#include "convolution.h"

namespace yopo {

constexpr int kPlanes = 16;

// Channels of a panel of the filter; the last panel may have half.
constexpr int kPanel = 2 * kLanes;

struct Winograd {
  Convolution layer;

  int tile_rows() const { return (layer.out_height() + 1) / 2; }
  int tile_columns() const { return (layer.out_width() + 1) / 2; }
  // Of one image.
  long tiles() const { return long(tile_rows()) * tile_columns(); }
  // Tiles that are worked on at a time: at few channels all their planes stay in a core's second cache, at many one plane
  // does, and the transformed filter is not fetched too often.
  long strip() const { return std::max(kLeastStrip, 8192 / layer.in); }
  long filter_size() const { return long(kPlanes) * layer.in * layer.out; }

 private:
  static constexpr int kLeastStrip = 64;
};

// Writes the transformed filter's rows of input channel `in`: [panels][planes][in][channels of the panel].
void transform_filter(const Winograd& winograd, const float* filter, int in, float* to);

// Scratch of a thread.
struct WinogradScratch {
  std::vector<float> planes, sums, zeros;
};

// Outputs of tiles [first, end), at most a strip, counted over all images. Needs in and out to be multiples of kLanes.
void convolve_tiles(const Winograd& winograd, const float* x, const float* transformed, long first, long end, float* y,
                    WinogradScratch& scratch);

}  // namespace yopo

// The gradient of a filter that does not stay in a core's cache, for the whole batch: each core sums its part of the filter
// over all images, a few images at a time that do stay there, so that no part is ever summed twice.
#pragma once

#include "convolution.h"

namespace yopo {

struct WideFilterGradient {
  Convolution layer;
  int images;
  // All images, padded; the layer's outputs' gradients.
  const float *x, *dy;

  // Vectors of channels that are summed together, and groups of factors of such a panel; a part is some groups of one panel.
  int panels() const;
  int groups() const;
};

// Sums groups [first, end) of a panel; `to` is the whole filter's gradient, zero before. No sum depends on how the groups are
// parted. Needs out to be a multiple of kLanes.
void add_wide_filter_gradient(const WideFilterGradient& gradient, int panel, int first, int end, float* to);

}  // namespace yopo

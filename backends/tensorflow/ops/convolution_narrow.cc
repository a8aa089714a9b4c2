// The input gradient for images of few channels, as of a network's first layer. Lanes are pixels, as in inner_loop.cc: the
// sums over the layer's output channels stay in registers.
#include <algorithm>

#include "convolution.h"
#include "elementwise.h"

namespace yopo {
namespace {

// Taps whose sums are kept in registers at a time.
constexpr int kTaps = 9;

struct Place {
  // Where a tap's sums go in the planar padded image.
  long offset;
  // Of the tap's first factor in the filter; the next output channel's follows.
  const float* factors;
};

// planes[place.offset + q] += Σ over channels of passed[channel][q] · factors[channel], for TAPS places.
template <int TAPS>
void add_taps(const float* passed, int positions, int channels, const Place* places, float* planes) {
  for (int q = 0; q < positions; q += kLanes) {
    Vector sums[TAPS] = {};
    for (int channel = 0; channel < channels; channel++) {
      const Vector value = load(passed + long(channel) * positions + q);
#pragma GCC unroll 16
      for (int tap = 0; tap < TAPS; tap++) sums[tap] += value * broadcast(places[tap].factors[channel]);
    }
#pragma GCC unroll 16
    for (int tap = 0; tap < TAPS; tap++) {
      float* to = planes + places[tap].offset + q;
      store(to, load(to) + sums[tap]);
    }
  }
}

template <int TAPS = kTaps>
void add_some_taps(int count, const float* passed, int positions, int channels, const Place* places, float* planes) {
  if (count == TAPS) add_taps<TAPS>(passed, positions, channels, places, planes);
  else if constexpr (TAPS > 1) add_some_taps<TAPS - 1>(count, passed, positions, channels, places, planes);
}

}  // namespace

void narrow_input_gradient(const Convolution& layer, const float* dy, const float* y, const float* filter, float* dx,
                           Frame& frame, Frame& passed) {
  const int width = layer.padded_width(), positions = round_up(layer.out_height() * width, kLanes);
  const long plane = long(layer.padded_height()) * width + layer.kernel_width + kLanes;
  // A row of dy, masked, then all of it as [channels][positions]; the zeros behind a row's last output stay.
  const int row_size = layer.out_width() * layer.out;
  passed.resize(row_size + long(layer.out) * positions);
  float* planes = passed.data() + row_size;
  for (int row = 0; row < layer.out_height(); row++) {
    const float* values = dy + long(row) * row_size;
    if (layer.relu) {
      pass_positive(values, y + long(row) * row_size, row_size, passed.data());
      values = passed.data();
    }
    for (int channel = 0; channel < layer.out; channel++) {
      float* to = planes + long(channel) * positions + row * width;
      for (int column = 0; column < layer.out_width(); column++) to[column] = values[column * layer.out + channel];
    }
  }
  frame.assign(layer.in * plane, 0.0f);
  std::vector<Place> places;
  for (int tap = 0; tap < layer.kernel_height * layer.taps(); tap++) {
    const int row = tap / layer.taps(), column = tap % layer.taps() / layer.in, in = tap % layer.in;
    places.push_back({in * plane + long(row) * width + column, filter + long(tap) * layer.out});
  }
  for (size_t first = 0; first < places.size(); first += kTaps) {
    const int count = std::min<size_t>(kTaps, places.size() - first);
    add_some_taps(count, planes, positions, layer.out, places.data() + first, frame.data());
  }
  for (int row = 0; row < layer.height; row++) {
    for (int column = 0; column < layer.width; column++) {
      for (int in = 0; in < layer.in; in++) {
        *dx++ = frame[in * plane + long(row + layer.top) * width + column + layer.left];
      }
    }
  }
}

}  // namespace yopo

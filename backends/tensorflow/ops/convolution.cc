#include "convolution.h"

#include <algorithm>
#include <cstring>

#include "convolution_tile.h"
#include "elementwise.h"

namespace yopo {
namespace {

// Makes the frame of a layer, with zeros that later images leave as they are: they overwrite the same inner part.
void prepare(Frame& frame, long size) {
  if (long(frame.size()) != size) frame.assign(size, 0.0f);
}

// Copies x into the inner part of a frame.
void write_inner(const Convolution& layer, const float* x, float* frame) {
  const long row = long(layer.padded_width()) * layer.in;
  for (int i = 0; i < layer.height; i++) {
    std::memcpy(frame + (i + layer.top) * row + long(layer.left) * layer.in, x + long(i) * layer.width * layer.in,
                sizeof(float) * layer.width * layer.in);
  }
}

}  // namespace

void write_padded(const Convolution& layer, const float* x, float* to) {
  std::fill_n(to, long(layer.padded_height()) * layer.padded_width() * layer.in, 0.0f);
  write_inner(layer, x, to);
}

const float* with_padding(const Convolution& layer, const float* x, Frame& frame) {
  if (!layer.padded()) return x;
  prepare(frame, long(layer.padded_height()) * layer.padded_width() * layer.in);
  write_inner(layer, x, frame.data());
  return frame.data();
}

void forward(const Convolution& layer, const float* x, const float* filter, const float* bias, float* y, Frame& frame) {
  Tile tile;
  tile.row_step = long(layer.padded_width()) * layer.in;
  tile.pixel_step = layer.stride * layer.in;
  tile.factor_step = tile.y_step = layer.out;
  tile.rows = layer.kernel_height;
  tile.taps = layer.taps();
  tile.relu = layer.relu;
  const float* image = with_padding(layer, x, frame);
  for (int channel = 0; channel < layer.out; channel += 2 * kLanes) {
    tile.filter = filter + channel;
    tile.bias = bias == nullptr ? nullptr : bias + channel;
    for (int row = 0; row < layer.out_height(); row++) {
      tile.x = image + row * layer.stride * tile.row_step;
      tile.y = y + long(row) * layer.out_width() * layer.out + channel;
      multiply_row(layer.out_width(), std::min(2 * kLanes, layer.out - channel), tile);
    }
  }
}

std::vector<float> turned(const Convolution& layer, const float* filter) {
  std::vector<float> result(layer.filter_size());
  const int places = layer.kernel_height * layer.kernel_width;
  for (int place = 0; place < places; place++) {
    const float* from = filter + long(place) * layer.in * layer.out;
    float* to = result.data() + long(places - 1 - place) * layer.in * layer.out;
    for (int in = 0; in < layer.in; in++) {
      for (int out = 0; out < layer.out; out++) to[out * layer.in + in] = from[in * layer.out + out];
    }
  }
  return result;
}

void input_gradient(const Convolution& layer, const float* dy, const float* y, const std::vector<float>& turned_filter,
                    float* dx, Frame& frame) {
  const int top = layer.kernel_height - 1 - layer.top, left = layer.kernel_width - 1 - layer.left;
  const int rows = layer.out_height(), columns = layer.out_width(), row_size = columns * layer.out;
  Tile tile;
  tile.row_step = long(layer.width + layer.kernel_width - 1) * layer.out;
  tile.pixel_step = layer.out;
  tile.factor_step = tile.y_step = layer.in;
  tile.taps = layer.kernel_width * layer.out;
  tile.bias = nullptr;
  tile.relu = false;
  // The frame has the columns beside the image, and no rows above and below it: filter rows there are left out.
  prepare(frame, rows * tile.row_step);
  for (int row = 0; row < rows; row++) {
    float* to = frame.data() + row * tile.row_step + long(left) * layer.out;
    const float* from = dy + long(row) * row_size;
    if (layer.relu) pass_positive(from, y + long(row) * row_size, row_size, to);
    else std::memcpy(to, from, sizeof(float) * row_size);
  }
  for (int channel = 0; channel < layer.in; channel += 2 * kLanes) {
    for (int row = 0; row < layer.height; row++) {
      const int first = std::max(0, top - row), end = std::min(layer.kernel_height, top + rows - row);
      tile.rows = std::max(0, end - first);
      tile.x = frame.data() + (row - top + first) * tile.row_step;
      tile.filter = turned_filter.data() + long(first) * tile.taps * layer.in + channel;
      tile.y = dx + long(row) * layer.width * layer.in + channel;
      multiply_row(layer.width, std::min(2 * kLanes, layer.in - channel), tile);
    }
  }
}

}  // namespace yopo

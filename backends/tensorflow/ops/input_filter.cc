#include "input_filter.h"

#include <algorithm>

namespace yopo {
namespace {

// Numbers a side of the squares in which a matrix is transposed, so that both sides' lines stay in the nearest cache.
constexpr int kSquare = 16;

// to[column·to_step + row] = from[row·columns + column]
void transpose(const float* from, int rows, int columns, float* to, long to_step) {
  for (int row = 0; row < rows; row += kSquare) {
    for (int column = 0; column < columns; column += kSquare) {
      const int last_row = std::min(rows, row + kSquare), last_column = std::min(columns, column + kSquare);
      for (int j = column; j < last_column; j++) {
        for (int i = row; i < last_row; i++) to[j * to_step + i] = from[long(i) * columns + j];
      }
    }
  }
}

// The tap with which a phase meets the output position `shift` relative to a, or −1.
int tap_at(const AxisPhase& phase, int stride, int shift) {
  const int t = phase.shift - shift;
  return t >= 0 && t < phase.taps ? phase.first + stride * t : -1;
}

}  // namespace

AxisPhase axis_phase(int phase, int stride, int kernel, int before) {
  const int first = (phase + before) % stride;
  return {first, std::max(0, (kernel - first + stride - 1) / stride), (phase + before) / stride};
}

AxisReach axis_reach(int stride, int kernel, int before) {
  int least = 1 << 30, most = -(1 << 30);
  for (int i = 0; i < stride; i++) {
    const AxisPhase phase = axis_phase(i, stride, kernel, before);
    if (phase.taps == 0) continue;
    least = std::min(least, phase.shift - phase.taps + 1);
    most = std::max(most, phase.shift);
  }
  return {least, most - least + 1};
}

void write_place(const InputFilter& layer, const float* filter, int place, float* to) {
  const AxisReach rows = layer.rows(), columns = layer.columns();
  const int shift_row = rows.least + place / columns.extent, shift_column = columns.least + place % columns.extent;
  const long step = long(layer.stride) * layer.stride * layer.in;
  for (int i = 0; i < layer.stride; i++) {
    const int row = tap_at(axis_phase(i, layer.stride, layer.kernel_height, layer.top), layer.stride, shift_row);
    for (int j = 0; j < layer.stride; j++, to += layer.in) {
      const int column = tap_at(axis_phase(j, layer.stride, layer.kernel_width, layer.left), layer.stride, shift_column);
      if (row < 0 || column < 0) {
        for (int out = 0; out < layer.out; out++) std::fill_n(to + out * step, layer.in, 0.0f);
      } else {
        transpose(filter + (long(row) * layer.kernel_width + column) * layer.in * layer.out, layer.in, layer.out, to, step);
      }
    }
  }
}

}  // namespace yopo

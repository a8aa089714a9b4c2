// Filters with which the input gradient of a convolution is itself a convolution of stride 1, of dy. Filters are
// [kernel height, kernel width, in, out].
#pragma once

namespace yopo {

// Along one axis, with input position stride·a + phase and a convolution that pairs input position y with output position o by
// tap i = y + before − stride·o: the input positions of one phase meet the output positions a + shift − t, with the taps
// first + stride·t, 0 ≤ t < taps.
struct AxisPhase {
  int first, taps, shift;
};
AxisPhase axis_phase(int phase, int stride, int kernel, int before);

// The output positions, relative to a, that any phase meets: extent of them from `least` on.
struct AxisReach {
  int least, extent;
};
AxisReach axis_reach(int stride, int kernel, int before);

// What turns a filter into the input gradient's.
struct InputFilter {
  int kernel_height, kernel_width, in, out, stride, top, left;

  AxisReach rows() const { return axis_reach(stride, kernel_height, top); }
  AxisReach columns() const { return axis_reach(stride, kernel_width, left); }
  // [rows, columns, out, stride·stride·in]: the gradients of a cell of stride x stride pixels, row by row.
  long places() const { return long(rows().extent) * columns().extent; }
  long size() const { return places() * out * stride * stride * in; }
};

// Writes the part of the input gradient's filter at one place; taps that no pixel of a phase meets are zero.
void write_place(const InputFilter& layer, const float* filter, int place, float* to);

}  // namespace yopo

// Convolution with bias and ReLU, and its gradients, for images [height, width, channels] and filters
// [kernel height, kernel width, in, out]. Each function works on one image, so that a caller shares images out to threads.
#pragma once

#include <vector>

#include "vector.h"

namespace yopo {

struct Convolution {
  int height, width, in;
  int kernel_height, kernel_width, out;
  int stride;
  int top, bottom, left, right;
  bool relu;

  int padded_height() const { return height + top + bottom; }
  int padded_width() const { return width + left + right; }
  int out_height() const { return (padded_height() - kernel_height) / stride + 1; }
  int out_width() const { return (padded_width() - kernel_width) / stride + 1; }
  // Factors of one filter row; they lie side by side in the image, too.
  int taps() const { return kernel_width * in; }
  long image_size() const { return long(height) * width * in; }
  long out_size() const { return long(out_height()) * out_width() * out; }
  long filter_size() const { return long(kernel_height) * taps() * out; }
  bool padded() const { return top + bottom + left + right > 0; }
};

// Scratch of a thread, of one layer at a time: an image with a frame of zeros around it.
typedef std::vector<float> Frame;

// Writes x with its padding of zeros.
void write_padded(const Convolution& layer, const float* x, float* to);

// x with its padding: itself where there is none, else a copy in the frame.
const float* with_padding(const Convolution& layer, const float* x, Frame& frame);

// y = activation(filter ∗ x + bias); bias may be null. Needs out to be a multiple of kLanes.
void forward(const Convolution& layer, const float* x, const float* filter, const float* bias, float* y, Frame& frame);

// The filter as the input gradient's convolution takes it: turned by 180° with in and out exchanged.
std::vector<float> turned(const Convolution& layer, const float* filter);

// dx from dy where y > 0 (everywhere where relu is false). Needs stride 1 and in to be a multiple of kLanes.
void input_gradient(const Convolution& layer, const float* dy, const float* y, const std::vector<float>& turned_filter,
                    float* dx, Frame& frame);

// The same for images of fewer channels than a vector has lanes.
void narrow_input_gradient(const Convolution& layer, const float* dy, const float* y, const float* filter, float* dx,
                           Frame& frame, Frame& passed);

// Adds to filter_gradient and, where it is not null, to bias_gradient. Needs out to be a multiple of kLanes.
void add_filter_gradient(const Convolution& layer, const float* x, const float* dy, const float* y, float* filter_gradient,
                         float* bias_gradient, Frame& frame, Frame& passed);

}  // namespace yopo

// YOPO's inner loop for a first layer of convolution and ReLU: Zhang et al. 2019, arXiv:1905.00877, algorithm 1.
#pragma once

namespace yopo {

struct InnerLoop {
  // Of one image: pixels, with one channel.
  int height, width;
  // Of the square filter [kernel, kernel, 1, channels], stride 1.
  int kernel, channels;
  int top, bottom, left, right;
  int steps;
  float epsilon, step_size;
  // Along the sign of the gradient, or along the gradient.
  bool sign;

  int padded_height() const { return height + top + bottom; }
  int padded_width() const { return width + left + right; }
  int out_height() const { return padded_height() - kernel + 1; }
  int out_width() const { return padded_width() - kernel + 1; }
};

// Whether inner_loop() has code for the layer.
bool has_inner_loop(const InnerLoop& loop);

// Moves eta of images [first, end). x, eta: [batch, height, width]; p: [batch, out height, out width, channels];
// filter: [kernel, kernel, channels]; bias: [channels] or null.
void inner_loop(const InnerLoop& loop, const float* x, float* eta, const float* p, const float* filter, const float* bias,
                long first, long end);

}  // namespace yopo
